"""Variants change what should not matter, and nothing else."""

import pytest

from data import Brief, Briefs, Case, DataError, Rule, Rulebook
from rl.evaluation import variants_of

BOOK = Rulebook(name="b", rules=[Rule(id=id_, text=f"No {id_}.", category=None) for id_ in "ABCD"])
CASE = Case(
    id="x",
    text={"title": "t"},
    rules=["A", "B", "C"],
    gold={
        "verdict": "reject",
        "violations": [{"rule": "A", "or": ["B", "Z"]}],
        "not": ["C"],
        "reasoning": "A: yes.",
    },
)


BRIEFS = Briefs.bind([CASE], BOOK)


def test_the_order_changes_and_nothing_else() -> None:
    (made,) = variants_of(BRIEFS, ["rule-order"])
    before, after = BRIEFS["x"].excerpt, made.excerpt
    assert after.ids != before.ids and sorted(after.ids) == sorted(before.ids)
    assert (made.id, made.case.meta) == ("x~rule-order", {"variant_of": "x", "variant": "rule-order"})
    assert made.case.cluster == CASE.cluster and made.case.text == CASE.text
    assert made.gold == BRIEFS["x"].gold


def test_rules_get_other_names_in_gold_too() -> None:
    (made,) = variants_of(BRIEFS, ["rule-ids"])
    after = made.excerpt
    assert [rule.text for rule in after.rules] == ["No A.", "No B.", "No C."]
    assert all(id_.startswith("R-") for id_ in after.ids) and len(set(after.ids)) == 3
    assert made.case.gold is not None and made.case.gold.violations is not None
    assert made.case.gold.violations[0].accepted == (after.ids[0], after.ids[1], "Z")
    assert made.case.gold.cleared == [after.ids[2]] and made.case.gold.reasoning is None
    assert CASE.gold is not None and CASE.gold.violations[0].rule == "A"  # type: ignore[index]


def test_they_are_the_same_every_time() -> None:
    assert variants_of(BRIEFS, ["rule-order", "rule-ids"]) == variants_of(BRIEFS, ["rule-order", "rule-ids"])


def test_where_there_is_nothing_to_change_there_is_no_variant() -> None:
    alone = CASE.model_copy(update={"id": "y", "rules": ["A"]})
    variant = CASE.model_copy(update={"meta": {"variant_of": "y"}})
    assert variants_of(Briefs.bind([alone, variant], BOOK), ["rule-order", "rule-ids"]) == []


def test_what_was_retrieved_stays_so_and_its_gold_is_never_projected() -> None:
    found = BOOK.excerpt(["B", "C"], retrieved=True)  # the rule that is broken was not found
    broken = Case(id="x", gold={"verdict": "reject", "violations": [{"rule": "A"}]})
    for made in variants_of(Briefs([Brief(broken, found)], BOOK), ["rule-order", "rule-ids"]):
        assert made.excerpt.retrieved and len(made.excerpt) == 2
        assert made.gold is not None and made.gold.verdict == "reject"


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(DataError, match=r"rule-oder.*did you mean 'rule-order'"):
        variants_of(BRIEFS, ["rule-oder"])
