"""Penalties are bounded, and do not touch what is merely thorough."""

import pytest

from data import Rule, Rulebook
from prompts import target
from rewards import NotApplicable, incomplete, intent, overcitation, overlong, repetition
from rewards.testing.hostile import LANGUAGES
from rewards.testing.small import BOOK, approving, make_case, rule_on


@pytest.mark.parametrize(("length", "value"), [(0, 0.0), (4000, 0.0), (6000, 0.5), (8000, 1.0), (10**6, 1.0)])
def test_overlong_is_soft_and_bounded(length, value):
    assert overlong(rule_on("approve", reasoning="x" * length), approving(), BOOK) == value


def test_no_field_is_a_free_channel():
    for text in ("x" * 5000, "\u200b" * 5000):
        for said in ({"advice": text}, {"intent": text}, {"advice": text[:2500], "intent": text[2500:]}):
            assert overlong(rule_on("approve", reasoning="", **said), approving(), BOOK) == 0.25


def test_overlong_touches_right_rulings_only():
    assert overlong(rule_on("reject", reasoning="x" * 10**5), approving(), BOOK) == 0.0
    assert overlong(rule_on("reject"), make_case(), BOOK) is NotApplicable


def test_repetition_counts_what_was_said_before():
    def value(reasoning: str) -> float:
        return repetition(rule_on("approve", reasoning=reasoning), approving(), BOOK)

    assert value("") == value("fine") == value("no " * 20) == 0.0
    assert value("no " * 100) > 0.9
    assert value("这款茶一周内治愈糖尿病。" * 30) > 0.9
    assert all(value(f"{text}. ") == 0.0 for text in LANGUAGES.values())


def test_quoting_an_ad_that_repeats_itself_is_no_repetition():
    cited = {"rule": "WIN-1", "evidence": [{"quote": "Win now! " * 30, "field": "title"}]}

    def value(times: int) -> float:
        reasoning = f'WIN-1: "{("Win now! " * 30).strip()}". ' * times
        return repetition(rule_on("reject", cited, reasoning=reasoning), approving(), BOOK)

    assert value(1) == 0.0 and value(2) > 0.5


def test_going_through_many_rules_is_no_repetition():
    book = Rulebook(name="large", rules=[Rule(id=f"R{i % 7}-{i}", text="-") for i in range(200)])
    ruling = target(make_case(verdict="approve", violations=[]), book)
    assert repetition(ruling, approving(), book) == 0.0


def test_rules_without_a_finding_have_a_price():
    def value(reasoning: str) -> float:
        return incomplete(rule_on("reject", reasoning=reasoning), approving(), BOOK)

    walk = "".join(f"{rule}: clear\n" for rule in BOOK.ids)
    assert value(f"picture: a cup\n{walk}") == 0.0
    assert value("") == value("All is fine, CURE-1 too.") == 1.0
    assert value(walk.replace("CURE-1: clear", "")) == pytest.approx(1 / len(BOOK))
    assert value(f"{walk}X-1: clear") == 0.0  # a rule that is not in the excerpt closes a gate
    assert incomplete(rule_on("approve"), approving(), Rulebook(name="none", rules=[])) is NotApplicable
    assert incomplete.with_params({"most": 4})(rule_on("approve"), approving(), BOOK) is NotApplicable


@pytest.mark.parametrize(
    ("gold", "cited", "value"),
    [
        ({"violations": [{"rule": "CURE-1"}]}, ["CURE-1"], 0.0),
        ({"violations": [{"rule": "CURE-1"}]}, ["WIN-1"], 0.0),
        ({"violations": [{"rule": "CURE-1"}]}, ["CURE-1", "WIN-1"], 1.0),
        ({"violations": [{"rule": "CURE-1"}]}, ["CURE-1", "CURE-1"], 1.0),
        ({"violations": [{"rule": "CURE-1"}], "exhaustive": False}, ["CURE-1", "WIN-1"], 0.5),
        ({"violations": [{"rule": "CURE-1"}], "exhaustive": False, "not": ["WIN-1"]}, ["CURE-1", "WIN-1"], 1.0),
        ({"violations": [{"rule": "CURE-1"}, {"rule": "CURE-2"}]}, ["CURE-1", "CURE-2", "WIN-1", "ODD-1"], 1.0),
    ],
)
def test_one_rule_too_many_has_a_price_of_its_own(gold, cited, value):
    case = make_case(verdict="reject", **gold)
    assert overcitation(rule_on("reject", *cited), case, BOOK) == value
    assert overcitation(rule_on("approve", *cited), case, BOOK) == 0.0  # errors have their price


def test_overcitation_needs_gold():
    assert overcitation(rule_on("reject", "WIN-1"), make_case(verdict="reject"), BOOK) is NotApplicable


def test_intent_is_right_or_wrong():
    case = make_case(intent="supplement")
    assert intent(rule_on("approve", intent=" SUPPLEMENT "), case, BOOK) == 1.0
    assert intent(rule_on("approve", intent="game"), case, BOOK) == 0.0
    assert intent(rule_on("approve"), case, BOOK) == 0.0
    assert intent(rule_on("approve"), approving(), BOOK) is NotApplicable
