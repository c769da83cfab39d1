"""What runs in time, in a browser: the strip, its intervals, lines and sections with their marks, and seeking."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytest.importorskip("av")

from data import Briefs, Case, Interval, Quote, Region, Rule, Rulebook, Ruling, Violation, load_cases
from prompts import Episode, write
from rewards import grounded
from rl.evaluation import Evaluation, Prediction, write_report
from tests.data.media.recordings import tone, write_sound, write_video

from .conftest import HOSTILE, NEEDS_BROWSER, Tab, exported, load, shows

pytestmark = NEEDS_BROWSER

BOOK = Rulebook(name="two", rules=(Rule(id="CURE-1", text="No cures."), Rule(id="FREE-1", text="Free is free.")))
LENGTH = 8
LINES = [
    {"start": 0, "end": 2, "text": "Hello \U0001f525 there."},
    {"start": 2, "end": 4.5, "text": "This tea cures"},
    {"start": 4.5, "end": 6, "text": "diabetis today.", "confidence": 0.4},
    {"text": "Some day."},
]
SECTIONS = [
    {"title": "Tea for 19 dollars", "text": "One box."},
    {},
    {"title": "footer", "text": "Renews at 79 dollars.", "shown": False},
    {"text": "Renews at 79 dollars.", "hidden": True},
]


def ruled(*violations: Violation) -> str:
    return write(Ruling(violations=list(violations), verdict="reject", confidence=0.9))


ANSWERS = {
    "SFT": ruled(Violation(rule="FREE-1", evidence=[Interval(interval=(6, 8))])),
    "GRPO": ruled(
        Violation(
            rule="CURE-1",
            evidence=[Quote(quote="tea cures diabetes", field="transcript"), Interval(interval=(1, 5))],
        ),
        Violation(
            rule="FREE-1",
            evidence=[
                Interval(interval=(4, 6)),
                Region(frame=1, region=(0, 0, 0.5, 1)),
                Quote(quote="dollars one box", field="page", section=0),
                Quote(quote="79 dollars", field="page", section=3),
            ],
        ),
    ),
}
GOLD = {
    "verdict": "reject",
    "violations": [{"rule": "CURE-1", "evidence": [{"interval": [2, 4]}, {"quote": "Hello", "field": "transcript"}]}],
}


def reported(folder: Path, video: str | None = "tea.webm", **more: Any) -> Path:
    """A page of one case with four frames, at 1, 3, 5 and 7 s, and two models."""
    for n in range(4):
        Image.new("RGB", (160, 96), (60 * n, 90, 40)).save(folder / f"{n}.png")
    content: dict[str, Any] = {
        "id": "tea", "video": video, "transcript": LINES, "page": {"sections": SECTIONS}, "gold": GOLD,
        "frames": [{"path": f"{n}.png", "time": 1 + 2 * n} for n in range(4)],
    }  # fmt: skip
    given = {key: more.pop(key) for key in [*more] if key in Case.model_fields and key != "page"}
    case = Case.model_validate(content | given).with_root(folder)
    briefs = Briefs.bind([case], BOOK)
    models = [
        Evaluation(name, "test", [Prediction.read(Episode.plain("tea", said), briefs["tea"])])
        for name, said in ANSWERS.items()
    ]
    page: Path = more.pop("page", folder / "report.html")
    return write_report(page, models, {"test": briefs}, **more)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of eight seconds that browsers play."""
    path = tmp_path_factory.mktemp("film") / "tea.webm"
    return write_video(path, frames=80, rate=10, codec="libvpx")


@pytest.fixture
def beside(film: Path, tmp_path: Path) -> Path:
    """A folder with the video in it."""
    os.link(film, tmp_path / "tea.webm")
    return tmp_path


def seconds(tab: Tab, selector: str) -> list[tuple[float, float]]:
    """From when to when things are drawn, worked out from where they are on the strip."""
    track = tab.locator("#case .axis").bounding_box()
    boxes = [node.bounding_box() for node in tab.locator(selector).all()]
    scale = LENGTH / track["width"]
    return [((b["x"] - track["x"]) * scale, (b["x"] + b["width"] - track["x"]) * scale) for b in boxes]


def played(tab: Tab, second: float) -> None:
    """Waits until the recording is at this second."""
    tab.wait_for_function(
        "to => Math.abs(document.querySelector('#case :is(video, audio)').currentTime - to) < .01", arg=second
    )


def near(pairs: list[tuple[float, float]]) -> Any:
    return [pytest.approx(pair, abs=0.06) for pair in pairs]


def test_intervals_and_frames_are_drawn_at_their_seconds(tab: Tab, tmp_path: Path) -> None:
    load(tab, reported(tmp_path, video=None))
    tab.wait_for_selector("#case .cell img")
    assert tab.locator("#case video").count() == 0
    assert seconds(tab, "#case .lane.gold .bar") == near([(2, 4)])
    assert seconds(tab, "#case .lane.m0 .bar") == near([(6, 8)])
    assert seconds(tab, "#case .lane.m1 .bar") == near([(1, 5), (4, 6)])
    assert seconds(tab, "#case .cell") == near([(0, 2), (2, 4), (4, 6), (6, 8)])
    assert tab.locator("#case .lane.m1").count() == 2  # two that overlap stand in two rows
    film = tab.locator("#case .film").bounding_box()
    above, below = (tab.locator(f"#case .lane.{mark}").first.bounding_box() for mark in ("gold", "m0"))
    assert above["y"] + above["height"] <= film["y"] and film["y"] + film["height"] <= below["y"]
    assert tab.locator("#case .strip .who").all_inner_texts() == ["gold", "SFT", "GRPO", ""]
    assert tab.locator("#case .lane.m1 .bar").first.get_attribute("title") == "GRPO, CURE-1: 1 to 5 s"
    assert tab.locator("#case .axis span").all_inner_texts() == [f"{n} s" for n in range(9)]
    # The frame that is pointed at stands large as well, with its region; a click on any enlarges it.
    assert tab.locator("#case .picture img").get_attribute("alt") == "frame 1, 3 s"
    assert tab.locator("#case .picture rect.m1").count() == 1
    assert tab.locator("#case .cell i").evaluate_all("nodes => nodes.map((node) => node.className)") == ["m1"]
    tab.locator("#case .cell").nth(2).click()
    assert tab.locator("#zoom img").get_attribute("alt") == "frame 2, 5 s"


def test_lines_are_marked_where_a_quote_or_an_interval_hits(tab: Tab, tmp_path: Path) -> None:
    load(tab, reported(tmp_path, video=None))
    lines = tab.locator("#case .lines li")
    assert lines.all_inner_texts() == [
        "0 s Hello \U0001f525 there.", "2 s This tea cures", "4.5 s diabetis today.", "Some day.",
    ]  # fmt: skip
    edges = "nodes => nodes.map((node) => [...node.querySelectorAll('.edge i')].map((i) => i.className))"
    assert lines.evaluate_all(edges) == [["m1"], ["gold", "m1"], ["m1"], []]
    marks = tab.locator("#case .lines mark")
    assert [(mark.inner_text(), mark.get_attribute("class")) for mark in marks.all()] == [
        ("Hello", "gold"), ("tea cures", "m1"), ("diabetis", "m1"),
    ]  # fmt: skip
    assert tab.locator("#case .lines .time").all_inner_texts() == ["0 s", "2 s", "4.5 s"]
    assert lines.nth(2).get_attribute("class") == "unsure"
    assert (
        "“tea cures diabetes” in transcript, heard as “tea cures diabetis”" in tab.locator(".answer.m1").inner_text()
    )


def test_sections_of_the_page_are_shown_with_the_quotes_in_them(tab: Tab, tmp_path: Path) -> None:
    load(tab, reported(tmp_path, video=None))
    shown = tab.locator("#case .sections section")
    assert [" ".join(node.inner_text().split()) for node in shown.all()] == [
        "section 0 Tea for 19 dollars One box.",
        "section 1",
        "section 2 footer not shown to models Renews at 79 dollars.",
        "section 3 hidden from visitors Renews at 79 dollars.",
    ]
    marks = "nodes => nodes.map((node) => [...node.querySelectorAll('mark')].map((mark) => mark.textContent))"
    assert shown.evaluate_all(marks) == [["dollars", "One box"], [], [], ["79 dollars"]]


def test_a_click_goes_to_the_second(tab: Tab, beside: Path) -> None:
    load(tab, reported(beside))
    tab.wait_for_function("document.querySelector('#case video').duration > 7")
    tab.locator("#case .cell").nth(2).click()
    played(tab, 5)
    assert seconds(tab, "#case .playhead")[0][0] == pytest.approx(5, abs=0.1)
    assert tab.locator("#case .now").all_inner_texts() == ["4.5 s diabetis today."]
    tab.locator("#case .lines .time").nth(1).click()
    played(tab, 2)
    tab.locator("#case .lane.m0 .bar").click()
    played(tab, 6)
    tab.locator("#case .answer.gold .jump").click()
    played(tab, 2)
    assert not tab.locator("#zoom").is_visible()
    tab.locator("#case .cell").nth(3).dblclick()
    assert tab.locator("#zoom img").get_attribute("alt") == "frame 3, 7 s"


def test_a_longer_recording_stretches_the_strip(tab: Tab, beside: Path) -> None:
    """The video lasts 8 s; frames, lines and intervals end at 4."""
    short = {"verdict": "reject", "violations": [{"rule": "CURE-1", "evidence": [{"interval": [2, 4]}]}]}
    page = reported(beside, gold=short, transcript=[], frames=[{"path": "1.png", "time": 3}])
    load(tab, page)
    tab.wait_for_function("document.querySelector('#case video').duration > 7")
    assert seconds(tab, "#case .lane.gold .bar") == near([(2, 4)])
    assert seconds(tab, "#case .cell") == near([(0, 8)])


def test_names_and_texts_of_others_stay_names_and_texts(tab: Tab, film: Path, tmp_path: Path) -> None:
    name = "x<img src=x onerror=hacked=1>#?%22&\u202e.webm"
    (tmp_path / "javascript:hacked=1").mkdir()
    os.link(film, tmp_path / "javascript:hacked=1" / name)
    hostile = {
        "video": f"javascript:hacked=1/{name}",
        "transcript": [{"start": 0, "end": 5, "text": HOSTILE, "confidence": 0.1}, {"text": HOSTILE}],
        "frames": [{"path": "0.png", "time": 0}, {"path": "gone<script>.png", "time": 1}],
        "text": {"__proto__": "polluted"},
    }
    load(tab, reported(tmp_path, **hostile))
    tab.wait_for_function("document.querySelector('#case video').duration > 7")
    tab.locator("#case .cell").first.click()
    tab.locator("#case .lines .time").click()
    played(tab, 0)
    assert "⟨U+202E⟩gpj.exe" in tab.locator("#case .lines li").nth(1).inner_text()
    assert "cannot be shown" in tab.locator("#case .cell").nth(1).inner_text()
    assert tab.evaluate("typeof hacked") == "undefined" and tab.evaluate("({}).polluted") is None
    assert tab.locator("#case script, #case a, #case style, #case iframe").count() == 0


def test_sound_alone_has_a_player_and_a_strip_without_frames(tab: Tab, tmp_path: Path) -> None:
    write_sound(tmp_path / "tea.wav", tone(LENGTH))
    load(tab, reported(tmp_path, video=None, audio="tea.wav", frames=[]))
    tab.wait_for_function("document.querySelector('#case audio').duration > 7")
    assert tab.locator("#case .film").count() == 0
    tab.locator("#case .lane.gold .bar").click()
    played(tab, 2)


def test_only_what_lies_below_the_page_is_played_unless_it_is_put_there(tab: Tab, beside: Path) -> None:
    elsewhere = beside / "reports" / "report.html"
    load(tab, reported(beside, page=elsewhere))
    assert tab.locator("#case video").count() == 0 and str(beside) not in elsewhere.read_text("utf-8")
    load(tab, reported(beside, page=elsewhere, recordings=True))
    tab.wait_for_function("document.querySelector('#case video').duration > 7")
    assert tab.locator("#case video").get_attribute("src").startswith("report.pictures/")


def test_what_a_browser_cannot_play_says_so(browser: Any, tmp_path: Path) -> None:
    tab = browser.new_page()  # Chromium itself remarks on the console that it cannot
    (tmp_path / "tea.webm").write_bytes(b"no video")
    load(tab, reported(tmp_path))
    shows(tab, "this browser cannot play the video: tea.webm", "#case .player")
    assert tab.locator("#case .cell").count() == 4
    tab.close()


def test_agreeing_keeps_what_was_misheard_and_what_a_section_says(tab: Tab, tmp_path: Path) -> None:
    load(tab, reported(tmp_path, video=None))
    tab.keyboard.press("q")
    tab.fill("#reviewer", "Ann")
    tab.keyboard.press("Enter")
    tab.keyboard.press("c")  # filled in with the model's evidence: all of it is found in the case
    assert tab.locator(".new-rule textarea").nth(1).input_value().split("\n") == [
        "seconds: 4 6", "frame 1: 0 0 0.5 1", "page section 0: dollars one box", "page section 3: 79 dollars",
    ]  # fmt: skip
    tab.locator(".new-rule textarea").nth(1).fill("9 dollars")  # of 79
    tab.keyboard.press("Control+Enter")
    assert "stands in no text of the case" in tab.locator("#queue-trouble").inner_text()
    tab.keyboard.press("Escape")
    tab.keyboard.press("Escape")
    tab.keyboard.press("a")
    shows(tab, "1 of 1 decided", "#queue-progress")
    (tmp_path / "reviewed.jsonl").write_text("\n".join(exported(tab, "#export-reviewed")), encoding="utf-8")
    [case] = load_cases(tmp_path / "reviewed.jsonl")
    assert case.gold is not None and case.gold.violations is not None
    cited = {violation.rule: violation.evidence for violation in case.gold.violations}
    said = Ruling.model_validate(json.loads(ANSWERS["GRPO"].split("<answer>")[1].removesuffix("</answer>")))
    assert cited == {violation.rule: violation.evidence for violation in said.violations}
    assert all(grounded(item, case) for found in cited.values() for item in found or [])
