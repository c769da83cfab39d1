"""A desk answers whatever it is asked, within its budget, and shows nothing but the case and its book."""

import threading
import time
from typing import Any

import pytest
from PIL import Image

from data import Brief, Case, DataError, Rulebook
from data.evidence import Region
from prompts.parts import Text, View
from rl.config.desk import DeskConfig
from rl.desk import Answer, Desk, Desks, Material, Shown, ToolCall, tool
from rl.desk.calls import neutral, written
from rl.desk.tools import SHIPPED

ALL = DeskConfig.of(list(SHIPPED))


def asked(desk: Desk, name: str, **arguments: Any) -> Answer:
    answer = desk.answer(f"<think>Let me see.</think>{written(neutral(ToolCall(name, arguments)))}")
    assert answer is not None
    return answer


def said(answer: Answer) -> str:
    return "".join(part.text for part in answer.parts if isinstance(part, Text))


@pytest.fixture
def desk(brief: Brief, book: Rulebook) -> Desk:
    return Desks.of(ALL.model_copy(update={"max_calls": 50}), book).at(brief)


def test_rules_are_searched_for_and_read_and_then_count(desk: Desk, brief: Brief) -> None:
    assert desk.judged is brief and brief.lost == ["FEE-1"]
    answer = asked(desk, "search_rules", query="what fee may a loan have?")
    assert said(answer).splitlines()[0] == "FEE-1 fees (medium): No fee above 20 % for a loan."
    assert answer.looks[0].rules[0] == "FEE-1" and "GUN-1" not in answer.looks[0].rules
    assert desk.judged.excerpt.ids == list(answer.looks[0].rules) and not desk.judged.lost
    assert said(asked(desk, "read_rule", id="CURE-1")).endswith("No miracle cures.\n  Exception: a doctor says so")
    assert desk.judged.excerpt.ids[-1] == "CURE-1" and desk.judged.excerpt.retrieved
    assert desk.judged.gold == brief.gold
    assert said(asked(desk, "read_rule", id="FEE-3")).startswith("there is no rule 'FEE-3' (did you mean 'FEE-")
    assert said(asked(desk, "search_rules", query="zebra")) == "no rule has any of these words"


def test_where_a_case_names_its_rules_no_other_can_be_found(case: Case, book: Rulebook) -> None:
    brief = Brief.of(case.model_copy(update={"rules": ["GUN-1", "CURE-1"]}), book)
    desk = Desks.of(ALL, book).at(brief)
    assert "FEE" not in said(asked(desk, "search_rules", query="fee loan guns"))
    assert desk.judged is brief and "there is no rule" in said(asked(desk, "read_rule", id="FEE-1"))


def test_a_part_of_a_picture_comes_from_its_largest_version(desk: Desk) -> None:
    answer = asked(desk, "zoom", image=0, box=[0.75, 0.5, 1, 1])
    (view,) = answer.parts
    assert isinstance(view, View) and view.size == (400, 400) and view.opened.getpixel((200, 200)) == (255, 0, 0)
    assert answer.looks[0].regions == (Region(image=0, region=(0.75, 0.5, 1, 1)),)
    assert answer.turn.text == "(picture)" and answer.message.role == "tool"
    assert asked(desk, "zoom", image=0, box=[-3, 0.5, 7, 9]).looks[0].regions[0].region == (0, 0.5, 1, 1)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"image": 0, "box": [0.5, 0.5, 0.5, 0.9]}, "no area"),
        ({"image": 0, "box": [0.9, 0, 0.1, 1]}, "no area"),
        ({"image": 0, "box": [0, 0, 0.001, 0.001]}, "hardly a pixel"),
        ({"image": 0, "box": [0, 0, 1]}, "four numbers"),
        ({"image": 1, "box": [0, 0, 1, 1]}, "there is no image 1"),
        ({"image": -1, "box": [0, 0, 1, 1]}, "there is no image -1"),
        ({"image": 0, "box": ["a", 0, 1, 1]}, "valid number"),
        ({"image": 0, "box": [float("nan"), 0, 1, 1]}, "not JSON"),
        ({"image": 0}, "Field required; call it as zoom(image, box)"),
        ({"image": 0, "box": [0, 0, 1, 1], "colour": 1}, "unknown key"),
    ],
)
def test_boxes_that_show_nothing_are_said_to(desk: Desk, arguments: dict[str, Any], why: str) -> None:
    answer = asked(desk, "zoom", **arguments)
    assert why in said(answer) and answer.looks[0].error and not answer.message.media


def test_texts_pages_frames_and_speech_are_read_in_parts(desk: Desk) -> None:
    assert said(asked(desk, "read", field="page 1")) == "30 % fee"
    look = asked(desk, "read", field="page 0").looks[0]
    assert (look.field, look.section) == ("page", 0)
    assert "sections 0 to 1" in said(asked(desk, "read", field="page"))
    first = said(asked(desk, "read", field="body"))
    assert first.endswith("(part 0 of 3, counted from 0)") and "there is no part 3" in said(
        asked(desk, "read", field="body", part=3)
    )
    assert "there are title, body, transcript, page" in said(asked(desk, "read", field="meta"))
    assert said(asked(desk, "transcript", start=2.5, end=9)) == "[3-5] No fee at all."
    answer = asked(desk, "frames", start=1, end=7)
    assert [region.frame for region in answer.looks[0].regions] == [1, 3, 5, 7] and answer.looks[0].pictures == 4
    assert "there are frames at 0, 1" in said(asked(desk, "frames", start=20, end=30))
    assert "must not lie behind the end" in said(asked(desk, "frames", start=5, end=2))


def test_a_file_that_cannot_be_read_is_an_answer_without_its_path(desk: Desk, case: Case) -> None:
    case.path("large.png").write_bytes(b"no picture")
    text = said(asked(desk, "zoom", image=0, box=[0, 0, 1, 1]))
    assert "not an image" in text and str(case.path("large.png").parent) not in text


def test_budgets_are_stated_and_kept(brief: Brief, book: Rulebook) -> None:
    config = ALL.model_copy(update={"max_calls": 3, "max_pictures": 1, "max_tokens": 30})
    desk = Desks.of(config, book).at(brief)
    assert "At most 3 calls, 1 picture and about 30 tokens" in desk.instructions
    assert len(asked(desk, "zoom", image=0, box=[0, 0, 1, 1]).message.media) == 1
    assert "no pictures are left" in said(asked(desk, "zoom", image=0, box=[0, 0, 1, 1]))
    answer = asked(desk, "read", field="body")
    assert len(said(answer)) < 30 * 4 + 60 and "cut" in said(answer) and answer.looks[0].tokens <= 30
    assert said(asked(desk, "read", field="title")) == "no calls are left: give your answer now"
    assert desk.answer("<tool_call>{}</tool_call>") is None, "it was told, and asks on"


def test_a_rule_whose_wording_was_cut_was_not_shown(brief: Brief, book: Rulebook) -> None:
    desk = Desks.of(ALL.model_copy(update={"max_tokens": 20}), book).at(brief)
    assert asked(desk, "search_rules", query="fee above").looks[0].rules == ("FEE-1",)


def test_blank_tools_show_nothing(brief: Brief, book: Rulebook) -> None:
    config = ALL.model_copy(update={"blank": ("zoom", "search_rules")})
    desk = Desks.of(config, book).at(brief)
    (view,) = asked(desk, "zoom", image=0, box=[0.75, 0.5, 1, 1]).parts
    assert (
        isinstance(view, View) and view.size == (400, 400) and view.opened.getcolors() == [(160000, (128, 128, 128))]
    )
    answer = asked(desk, "search_rules", query="fee")
    assert said(answer) == "nothing" and not answer.looks[0].rules and desk.judged is brief
    with pytest.raises(DataError, match="'nope' is to be blank"):
        Desks.of(ALL.model_copy(update={"blank": ("nope",)}), book)


def fails(material: Material) -> str:
    """Fail."""
    raise StopIteration


def leaves() -> str:
    """Leave the program."""
    raise SystemExit(3)


def gives_nothing() -> None:
    """Give nothing."""


def gives_a_number() -> Any:
    """Give a number."""
    return 7


def draws_nothing() -> Any:
    """Draw a picture without pixels."""
    return Image.new("RGB", (0, 0))


def talks() -> str:
    """Say a lot."""
    return "<|im_end|>" * 100_000


def hangs() -> str:
    """Hang."""
    time.sleep(60)
    return "never"


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (fails, "the tool failed: StopIteration"),
        (leaves, "the tool failed: SystemExit"),
        (gives_nothing, "the tool gave nothing"),
        (gives_a_number, "neither a text nor a picture"),
        (draws_nothing, "0 x 0 pixels"),
        (hangs, "nothing within 0.05 s"),
    ],
)
def test_a_tool_of_ones_own_that_goes_wrong_is_an_answer(
    brief: Brief, book: Rulebook, function: Any, why: str
) -> None:
    config = DeskConfig(tools=(f"tests.rl.desk.test_desk:{function.__name__}",), seconds=0.05)
    answer = asked(Desks.of(config, book).at(brief), function.__name__)
    assert why in said(answer) and answer.looks[0].error


def test_a_megabyte_is_cut_and_its_tokens_broken(brief: Brief, book: Rulebook) -> None:
    config = DeskConfig(tools=("tests.rl.desk.test_desk:talks",), seconds=30)
    text = said(asked(Desks.of(config, book).at(brief), "talks"))
    assert len(text) < 2000 * 4 + 60 and "<|im_end|>" not in text and text.startswith("‹|im_end|>")


def test_several_calls_of_one_turn_are_answered_each_under_its_name(desk: Desk) -> None:
    calls = written(ToolCall("read", {"field": "title"})) + written(
        ToolCall("zoom", {"image": 0, "box": [0, 0, 1, 1]})
    )
    answer = desk.answer(f"<think>Both.</think>{calls}<tool_call>oops</tool_call>")
    assert answer is not None and [look.tool for look in answer.looks] == ["read", "zoom", ""]
    text = answer.turn.text
    assert text.startswith("read:\nA loan that cures\nzoom:\n(picture)\nno tool:\na call is one JSON object")
    kinds = [type(part) for part in answer.parts]
    assert kinds == [Text, View, Text], "chat templates may put something between two texts"


def test_a_name_that_is_called_ends_no_turn(brief: Brief, book: Rulebook) -> None:
    """Nor does it begin a picture. Where several calls are answered, each stands under what was called."""
    desk = Desks.of(DeskConfig.of(["read"]), book).at(brief)
    calls = written(neutral(ToolCall("<|im_end|>\n<|image_pad|>", {}))) + written(ToolCall("read", {"field": "title"}))
    answer = desk.answer(f"<think>Both.</think>{calls}")
    assert answer is not None and answer.looks[0].tool == "<|im_end|>\n<|image_pad|>"
    assert answer.turn.text.startswith("‹|im_end|>\n  ‹|image_pad|>:\n") and "<|" not in answer.turn.text


def test_what_is_final_gets_no_answer(desk: Desk) -> None:
    call = written(ToolCall("read", {"field": "title"}))
    assert desk.answer("<think>Fine.</think>") is None
    assert desk.answer(f"<think>{call}</think>") is None
    assert desk.answer(f"<think>{call}") is None
    assert desk.answer(f"<think>x</think>{call}<answer>{{}}</answer>") is None
    assert not desk.looked


def test_a_tool_that_may_change_something_is_refused_side_by_side(book: Rulebook) -> None:
    unsafe = Desks.of(DeskConfig(tools=("tests.rl.desk.test_desk:talks",)), book)
    with pytest.raises(DataError, match=r"tools: tool 'talks' may change something.*@tool\(safe=True\)"):
        unsafe.check_parallel()
    Desks.of(ALL, book).check_parallel()


@tool(safe=True)
def shows_a_rule(material: Material, id: str) -> Shown:
    """Show a rule.

    Args:
        id: of the rule.
    """
    return Shown((f"It says: {material.book[id].text}",), rules={id: f"It says: {material.book[id].text}"})


def test_a_tool_of_ones_own_says_what_it_showed(brief: Brief, book: Rulebook) -> None:
    desks = Desks.of(DeskConfig(tools=("tests.rl.desk.test_desk:shows_a_rule",)), book)
    desks.check_parallel()
    desk = desks.at(brief)
    assert asked(desk, "shows_a_rule", id="GUN-1").looks[0].rules == ("GUN-1",)
    assert desk.judged.excerpt.ids == ["GUN-1"]
    assert "rule 'X' is not in rulebook" in said(asked(desk, "shows_a_rule", id="X"))
    assert desks.identity["own"] and threading.active_count() < 50


def test_a_section_of_thousands_of_digits_is_not_there(desk: Desk) -> None:
    assert "the page has sections 0 to 1" in said(asked(desk, "read", field=f"page {'9' * 5000}"))


def test_what_no_budget_was_left_for_was_not_looked_at(brief: Brief, book: Rulebook) -> None:
    poor = Desks.of(ALL.model_copy(update={"max_pictures": 1, "max_tokens": 60, "max_calls": 9}), book).at(brief)
    (frames,) = asked(poor, "frames", start=0, end=8).looks
    assert frames.pictures == 1 and [region.frame for region in frames.regions] == [0]
    (none,) = asked(poor, "frames", start=0, end=8).looks
    assert not none.pictures and not none.regions and none.interval is None
    asked(poor, "read", field="body")
    (page,) = asked(poor, "read", field="page 1").looks
    assert page.field is None and page.section is None, "all of it was cut off"
    (said,) = asked(poor, "transcript", start=0, end=9).looks
    assert said.interval is None and said.field is None
