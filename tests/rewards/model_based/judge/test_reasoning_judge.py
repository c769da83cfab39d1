"""The judge of the reasoning alone: what it sees, what it asks, and how its word is held against the ruling."""

import json
from typing import Any

import pytest

from data import Brief, Ruling
from prompts import write
from rewards import NotApplicable, Rubric
from rewards.batch import Item
from rewards.model_based.judge import JudgeFault
from rewards.model_based.judge.reasoning_judge import NOT_SAID, agreement, without_outcomes
from rewards.testing.hostile import HOSTILE
from rewards.testing.small import BOOK, CURES, rejecting
from tests.rewards.model_based.judge.items import MakeReader
from tests.rewards.model_based.judge.server import JudgeServer, outcomes, says, status

FINDINGS = 'CURE-1: "cures diabetes" -> broken\nCURE-2: clear\nHEALTH-1: clear\nWIN-1: clear\nODD-1: a loan -> unclear'
NAMES = {rule: f"rule_{number}" for number, rule in enumerate(BOOK.ids, start=1)}


def ruling(prose: str, findings: str = FINDINGS, rule: str = "CURE-1", **changes: Any) -> Ruling:
    cited = [{"rule": rule, "evidence": [CURES]}]
    said = {"verdict": "reject", "confidence": 0.9, "violations": cited, **changes}
    return Ruling.model_validate({"reasoning": f"{prose}\n{findings}", **said})


def item(prose: str = "The tea is said to cure. No prize is promised.", **changes: Any) -> Item:
    return Item(ruling(prose, **changes), Brief.of(rejecting(), BOOK))


def said(**rules: str) -> dict[str, str]:
    """What prose says, with underscores for hyphens; of other rules, nothing."""
    told = {name.replace("_", "-"): outcome for name, outcome in rules.items()}
    return {rule: told.get(rule, NOT_SAID) for rule in BOOK.ids}


# What it sees


def test_it_sees_the_rules_and_the_prose_and_nothing_else(server: JudgeServer, make_reader: MakeReader) -> None:
    server.answer(outcomes())
    make_reader().score_batch([item(advice="SECRET-ADVICE", intent="SECRET-INTENT")])
    (body,) = server.requests
    system, user = (message["content"] for message in body["messages"])
    document = json.loads(user)
    assert [rule["name"] for rule in document["rules"]] == list(NAMES.values())
    assert [rule["id"] for rule in document["rules"]] == BOOK.ids
    assert document["reasoning"] == (
        'The tea is said to cure. No prize is promised.\nCURE-1: "cures diabetes"\nODD-1: a loan'
    )
    assert document.keys() == {"rules", "reasoning"}
    for hidden in ("SECRET", "reject", "confidence", rejecting().text["body"], "you won a prize"):
        assert hidden not in user
    assert "CURE-1" not in system
    assert body["response_format"]["json_schema"]["schema"]["required"] == list(NAMES.values())


def test_what_it_is_asked_is_the_same_whatever_is_found_and_cited(
    server: JudgeServer, make_reader: MakeReader
) -> None:
    server.answer(outcomes(rule_1="broken"))
    cleared = FINDINGS.replace("-> broken", "-> clear")
    right, wrong = make_reader().score_batch([item(), item(findings=cleared, verdict="approve", violations=[])])
    assert len(server.requests) == 1  # it cannot tell them apart
    assert (right.value, wrong.value) == (1, 0.5 * (1 + 0))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_prose_stays_in_its_string(server: JudgeServer, make_reader: MakeReader, text: str) -> None:
    server.answer(outcomes())
    make_reader(cache=None).score_batch([item(), item("It cures. " + text)])
    clean, attacked = (request["messages"] for request in server.requests)
    assert attacked[0] == clean[0]
    document = json.loads(attacked[1]["content"])
    assert document.keys() == {"rules", "reasoning"} and isinstance(document["reasoning"], str)
    assert "<|" not in attacked[1]["content"]


def test_outcomes_are_left_out_and_what_is_seen_is_not() -> None:
    assert without_outcomes(ruling("")) == 'CURE-1: "cures diabetes"\nODD-1: a loan'
    assert without_outcomes(ruling("", "CURE-1: clear\nWIN-1: broken")) == ""


# What it is worth


def test_the_score_is_that_of_what_was_said(server: JudgeServer, make_reader: MakeReader) -> None:
    server.answer(outcomes(rule_1="broken", rule_2="clear", rule_4="broken"))
    (score,) = make_reader().score_batch([item()])
    assert score == agreement(said(CURE_1="broken", CURE_2="clear", WIN_1="broken"), item().ruling, BOOK)
    assert score.value == pytest.approx((1 + 0 + 1) / 3)
    assert score.reason == "WIN-1: the prose says broken, the ruling clear"


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ({}, 1),
        ({"CURE_1": "broken", "ODD_1": "unclear"}, 1),
        ({"CURE_1": "clear"}, (0 + 1) / 2),
        ({"CURE_1": "unclear"}, (0.5 + 1) / 2),
        ({"ODD_1": "broken"}, (1 + 0.5) / 2),
        ({"WIN_1": "broken"}, (1 + 1 + 0) / 3),
        ({"WIN_1": "unclear"}, (1 + 1 + 0.5) / 3),
        ({"CURE_1": "clear", "ODD_1": "clear", "WIN_1": "broken"}, 0.5 / 3),
    ],
)
def test_a_contradiction_costs_and_silence_does_not(told: dict[str, str], value: float) -> None:
    assert agreement(said(**told), ruling(""), BOOK).value == pytest.approx(value)


def test_what_both_call_clear_hides_no_contradiction() -> None:
    clear = dict.fromkeys(("CURE_2", "HEALTH_1", "WIN_1"), "clear")
    assert agreement(said(CURE_1="clear", **clear), ruling(""), BOOK).value == 0.5
    approval = ruling("", verdict="approve", violations=[], findings="")
    assert agreement(said(**clear), approval, BOOK).value == 1
    assert agreement(said(CURE_1="broken", **clear), approval, BOOK).value == 0


def test_a_category_that_is_cited_leaves_its_rules_open() -> None:
    category = ruling("", findings="", rule="health")
    for told in ("broken", "clear", "unclear"):
        assert agreement(said(CURE_1=told), category, BOOK).value == 1
    assert agreement(said(WIN_1="broken"), category, BOOK).value == 0


@pytest.mark.parametrize("prose", ["", "\n\n", "...", "—"])
def test_no_prose_costs_no_call(server: JudgeServer, make_reader: MakeReader, prose: str) -> None:
    (score,) = make_reader().score_batch([item(prose, findings="CURE-1: broken")])
    assert (score.value, score.reason) == (1, "no prose") and not server.requests


def test_prose_that_is_too_long_earns_nothing_unasked(server: JudgeServer, make_reader: MakeReader) -> None:
    (score,) = make_reader().score_batch([item("The tea is said to cure. " * 1000)])
    assert score.value == 0 and "too long to be judged" in score.reason and not server.requests


def test_without_rules_it_does_not_apply(make_reader: MakeReader) -> None:
    none = BOOK.model_copy(update={"rules": ()})
    case = rejecting().model_copy(update={"gold": None})
    assert make_reader().score_batch([Item(ruling("It cures."), Brief.of(case, none))]) == [NotApplicable]


# Faults, and its place in a rubric


@pytest.mark.parametrize(
    "reply",
    [
        status(500),
        says(json.dumps(dict.fromkeys(NAMES.values(), "yes"))),
        says(json.dumps(dict.fromkeys(NAMES.values(), "clear, or broken"))),
        says(json.dumps({"rule_1": "broken"})),
    ],
    ids=["down", "other choices", "two choices", "rules left out"],
)
def test_a_fault_is_no_score(server: JudgeServer, make_reader: MakeReader, reply: Any) -> None:
    server.answer(reply)
    (fault,) = make_reader().score_batch([item()])
    assert isinstance(fault, JudgeFault)


def test_a_rubric_names_it_as_craft(server: JudgeServer, tmp_path: Any) -> None:
    server.answer(outcomes(rule_1="clear"))
    settings = {"base_url": server.url, "model": "m", "retries": 0, "cache": str(tmp_path / "j")}
    rubric = Rubric(name="read", craft={"reasoning_judge": {"weight": 0.2, **settings}})
    card = rubric.score(write(item().ruling), rejecting(), BOOK)
    assert card["reasoning_judge"].contribution == pytest.approx(0.2 * 0.5)
    assert "CURE-1: the prose says clear, the ruling broken" in card["reasoning_judge"].reason
