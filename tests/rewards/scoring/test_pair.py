"""What twins earn together: never more than for being right alone, and nothing that a wrong twin could be used for."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import Ruling
from prompts import ParseFailure
from rewards import Scorecard
from rewards.scoring.pair import PairReward, pair_metrics

TWINS = {"a": "b", "b": "a"}
TOTALS = st.none() | st.sampled_from([-4.9, -4.0, -1.0, 0.3, 1.0, 1.5])


def card(
    case: str, total: float | None, right: bool | None = None, verdict: str | None = "approve", **more
) -> Scorecard:
    ruling = Ruling(verdict=verdict, confidence=0.9) if verdict else ParseFailure("no answer", "")
    return Scorecard(case, ruling, total, {}, right=(total or 0) >= 1 if right is None else right, **more)


def group(case: str, *totals: float | None) -> list[Scorecard]:
    return [card(case, total) for total in totals]


@given(st.lists(st.tuples(TOTALS, TOTALS), min_size=1, max_size=4), st.sampled_from([0.0, 0.25, 1.0]))
def test_a_fault_is_no_judgement_and_without_a_share_nothing_changes(totals: list, share: float):
    groups = {"a": group("a", *(one for one, _ in totals)), "b": group("b", *(other for _, other in totals))}
    for kind in ("product", "both"):
        paid = PairReward(kind=kind, share=share).totals(groups, TWINS)
        for one, other in (("a", "b"), ("b", "a")):
            for mine, own, twins in zip(paid[one], groups[one], groups[other], strict=True):
                assert own.total is not None or mine is None
                if share == 0 or own.total is None:
                    assert mine == own.total
                elif kind == "both":
                    assert (mine is None) == (twins.total is None)
                    assert mine is None or min(own.total, twins.total) - 1e-9 <= mine <= own.total + 1e-9
                else:
                    assert (mine is None) == all(card.total is None for card in groups[other])
                    assert mine is None or (abs(mine) <= abs(own.total) + 1e-9 and mine * own.total >= 0)


def test_the_product_is_the_gradient_of_both_being_right():
    """With verdicts of two policies drawn at random, what is paid has the mean of the product of their rates."""
    right, outcomes = {"a": Fraction(3, 4), "b": Fraction(1, 4)}, list(itertools.product([0, 1], repeat=4))
    mean = 0.0
    for drawn in outcomes:
        groups = {"a": group("a", *map(float, drawn[:2])), "b": group("b", *map(float, drawn[2:]))}
        chance = 1.0
        for case, one in zip("aabb", drawn, strict=True):
            chance *= float(right[case] if one else 1 - right[case])
        for kind in ("product", "both"):
            paid = PairReward(kind=kind).totals(groups, TWINS)["a"]
            mean += chance * sum(one or 0.0 for one in paid) / 4
    assert mean == pytest.approx(3 / 16)


def test_whoever_rules_on_both_alike_earns_nothing_for_a_flip():
    groups = {"a": group("a", 1.0, 1.0), "b": group("b", -4.0, -4.0)}
    assert PairReward(kind="product").totals(groups, TWINS)["a"] == [0.0, 0.0]
    assert PairReward(kind="both").totals(groups, TWINS) == {"a": [-4.0, -4.0], "b": [-4.0, -4.0]}
    assert PairReward(kind="product", share=0.5).totals(groups, TWINS)["a"] == [0.5, 0.5]


def test_behind_a_closed_gate_no_verdict_is_right():
    groups = {"a": group("a", 1.0), "b": [card("b", -4.9, right=True, closed="format")]}
    assert PairReward(kind="product").totals(groups, TWINS)["a"] == [0.0]


def test_without_a_twin_or_a_gold_verdict_each_is_paid_alone():
    alone = {"a": group("a", 1.0, None), "c": group("c", -1.0, 0.3)}
    unknown = {"a": group("a", 1.0), "b": [Scorecard("b", Ruling(verdict="approve", confidence=1), 0.2, {})]}
    for kind in ("product", "both"):
        assert PairReward(kind=kind).totals(alone, TWINS) == {"a": [1.0, None], "c": [-1.0, 0.3]}
        assert PairReward(kind=kind).totals(unknown, TWINS)["a"] == [1.0]


def test_figures_are_those_of_an_evaluation():
    groups = {
        "a": [card("a", 1.0, verdict="reject"), card("a", 1.0, verdict="reject"), card("a", -1.0)],
        "b": [card("b", 1.0), card("b", -1.0, verdict="reject"), card("b", 1.0)],
        "c": [card("c", 1.0), card("c", 1.0), card("c", -4.0, verdict=None)],
        "d": [card("d", 1.0), card("d", -1.0, verdict="reject"), card("d", -4.0, verdict=None)],
        "e": [card("e", 1.0)] * 3,
    }
    twins = {**TWINS, "c": "d", "d": "c", "e": "gone"}
    golds = {"a": "reject", "b": "approve", "c": "approve", "d": "approve", "e": "approve"}
    found = pair_metrics(groups, twins, golds)
    assert found == {"ruling/flip_recall": 1 / 3, "ruling/hold_rate": 1 / 3, "ruling/pair_accuracy": 2 / 6}
    assert pair_metrics(groups, {}, golds) == {} == pair_metrics(groups, TWINS, {**golds, "a": None})
