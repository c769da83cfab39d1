"""Variants change what should not matter, and nothing else."""

import pytest

from data import Case, DataError, Rule, Rulebook
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


def test_the_order_changes_and_nothing_else() -> None:
    (made,) = variants_of([CASE], BOOK, ["rule-order"])
    before, after = BOOK.excerpt(CASE.rules), BOOK.excerpt(made.rules)
    assert after.ids != before.ids and sorted(after.ids) == sorted(before.ids)
    assert (made.id, made.meta) == ("x~rule-order", {"variant_of": "x", "variant": "rule-order"})
    assert made.cluster == CASE.cluster and made.text == CASE.text
    assert made.gold_for(after) == CASE.gold_for(before)


def test_rules_get_other_names_in_gold_too() -> None:
    (made,) = variants_of([CASE], BOOK, ["rule-ids"])
    after = BOOK.excerpt(made.rules)
    assert [rule.text for rule in after.rules] == ["No A.", "No B.", "No C."]
    assert all(id_.startswith("R-") for id_ in after.ids) and len(set(after.ids)) == 3
    assert made.gold is not None and made.gold.violations is not None
    assert made.gold.violations[0].accepted == (after.ids[0], after.ids[1], "Z")
    assert made.gold.cleared == [after.ids[2]] and made.gold.reasoning is None
    assert CASE.gold is not None and CASE.gold.violations[0].rule == "A"  # type: ignore[index]


def test_they_are_the_same_every_time() -> None:
    assert variants_of([CASE], BOOK, ["rule-order", "rule-ids"]) == variants_of(
        [CASE], BOOK, ["rule-order", "rule-ids"]
    )


def test_where_there_is_nothing_to_change_there_is_no_variant() -> None:
    alone = CASE.model_copy(update={"rules": ["A"]})
    variant = CASE.model_copy(update={"meta": {"variant_of": "y"}})
    assert variants_of([alone, variant], BOOK, ["rule-order", "rule-ids"]) == []


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(DataError, match=r"rule-oder.*did you mean 'rule-order'"):
        variants_of([CASE], BOOK, ["rule-oder"])
