"""Targets: gold in the words of a teacher."""

import pytest

from data import Case, DataError, Rule, Rulebook, TextEdit
from prompts import parse, target, write
from rewards.testing.hostile import HOSTILE

BOOK = Rulebook(
    name="four",
    rules=[Rule(id=f"R-{i}", text=f"Rule {i}.", verdict="escalate" if i == 4 else "reject") for i in range(1, 5)],
)


def case(**gold: object) -> Case:
    return Case(id="c-7", text={"title": "You won\n a prize"}, images=["a.png"], gold=gold)


def test_reasoning_goes_rule_by_rule_in_the_excerpts_order():
    violations = [
        {"rule": "R-3", "evidence": [{"image": 0, "region": [0.12345, 0.1, 0.6, 0.7]}]},
        {"rule": "R-1", "evidence": [{"quote": "won\n a prize", "field": "title"}, {"interval": [1.5, 2]}]},
    ]
    ruling = target(case(verdict="reject", violations=violations, unclear=["R-4"]), BOOK)
    assert ruling.reasoning.splitlines() == [
        'R-1: "won a prize", from 1.5 to 2 s -> broken',
        "R-2: clear",
        "R-3: in image 0 -> broken",
        "R-4: the deciding fact cannot be told -> unclear",
    ]
    assert [violation.rule for violation in ruling.violations] == ["R-1", "R-3"]
    assert ruling.violations[0].evidence[0].quote == "won\n a prize"
    assert ruling.violations[1].evidence[0].region == (0.123, 0.1, 0.6, 0.7)
    assert (ruling.verdict, ruling.confidence) == ("reject", 0.9)


def test_order_of_another_excerpt_is_followed():
    excerpt = BOOK.excerpt(["R-4", "R-2"])
    ruling = target(case(verdict="reject", violations=[{"rule": "R-2"}]), excerpt)
    assert ruling.reasoning == "R-4: clear\nR-2: Rule 2. -> broken\n"


def test_gold_is_projected_onto_the_excerpt():
    ruling = target(
        case(verdict="reject", violations=[{"rule": "R-1"}], reasoning="R-1: it -> broken"), BOOK.excerpt(["R-2"])
    )
    assert (ruling.verdict, ruling.violations, ruling.reasoning) == ("approve", [], "R-2: clear\n")


def test_golds_own_reasoning_comes_first():
    worked = "Calm tea.\nR-2: clear"
    assert target(case(verdict="approve", violations=[], reasoning=worked), BOOK).reasoning == worked
    walk = "".join(f"R-{i}: clear\n" for i in range(1, 5))
    for said in ("Calm tea.", "Calm tea.\nR-1: seen -> broken", "Calm tea.\nR-9: clear\nR-1: clear"):
        prose = target(case(verdict="approve", violations=[], reasoning=said), BOOK)
        assert prose.reasoning == f"Calm tea.\n{walk}"


def test_edits_are_stated_where_gold_has_them():
    edits = [TextEdit(field="body", old="a gun")]
    for given, stated in ((None, []), ([], []), (edits, edits)):
        gold = {"verdict": "reject", "violations": [{"rule": BOOK.ids[0]}], "edits": given}
        assert target(Case(id="1", gold=gold), BOOK).edits == stated


def test_alternatives_are_named_where_the_rule_itself_is_absent():
    violations = [{"rule": "R-1", "or": ["R-2"]}, {"rule": "R-2"}]
    ruling = target(case(verdict="reject", violations=violations), BOOK.excerpt(["R-2", "R-3"]))
    assert [violation.rule for violation in ruling.violations] == ["R-2"]


def test_confidence_goes_with_the_verdict():
    assert target(case(verdict="approve"), BOOK, confidence=0.8).confidence == 0.8
    assert target(case(verdict="escalate", violations=[], unclear=["R-2"]), BOOK, confidence=0.8).confidence == 0.5


@pytest.mark.parametrize(
    ("gold", "message"),
    [
        ({}, "no gold verdict"),
        ({"verdict": "reject"}, "names no broken rule"),
        ({"verdict": "reject", "violations": [{"rule": "X-9"}], "exhaustive": False}, "'X-9'"),
    ],
)
def test_gold_that_cannot_be_stated_is_an_error_that_names_the_case(gold, message):
    with pytest.raises(DataError, match="c-7") as error:
        target(case(**gold), BOOK)
    assert message in str(error.value)
    with pytest.raises(DataError, match="c-7"):
        target(Case(id="c-7"), BOOK)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_quote_leaves_a_target_that_parses(text):
    violations = [{"rule": "R-1", "evidence": [{"quote": text, "field": "title"}]}]
    ruling = target(case(verdict="reject", violations=violations), BOOK)
    assert parse(write(ruling)) == ruling


def test_a_large_excerpt_is_gone_through_whole():
    large = Rulebook(name="large", rules=[Rule(id=f"R-{i}", text="No.") for i in range(500)])
    ruling = target(case(verdict="reject", violations=[{"rule": "R-123"}]), large)
    assert [finding.rule for finding in ruling.findings] == large.ids
    assert [finding.rule for finding in ruling.findings if finding.outcome != "clear"] == ["R-123"]
