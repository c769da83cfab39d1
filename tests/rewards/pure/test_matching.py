"""Citations answer gold one to one, for the most credit."""

import itertools
import random

import pytest

from data import Gold
from rewards import match
from rewards.pure.matching import assign
from rewards.testing.small import BOOK, rule_on


def credits(cited: list[str], wanted: list[object]) -> list[float]:
    violations = [item if isinstance(item, dict) else {"rule": item} for item in wanted]
    matching = match(rule_on("reject", *cited), Gold(verdict="reject", violations=violations), BOOK)
    assert len(matching.pairs) + len(matching.extra) == len(cited)
    assert len(matching.pairs) + len(matching.missed) == len(wanted)
    return sorted((pair.credit for pair in matching.pairs), reverse=True)


@pytest.mark.parametrize(
    ("cited", "wanted", "expected"),
    [
        ([], [], []),
        (["CURE-1"], ["CURE-1"], [1.0]),
        (["CURE-2"], ["CURE-1"], [0.25]),
        (["health/cures"], ["CURE-1"], [0.5]),
        (["health"], ["CURE-1"], [0.5]),
        (["HEALTH-1"], ["CURE-1"], [0.5]),
        (["CURE-1"], ["HEALTH-1"], []),
        (["money"], ["CURE-1"], []),
        (["WIN-1"], ["CURE-1"], []),
        (["CURE-9"], ["CURE-1"], []),
        (["CURE-1", "CURE-1"], ["CURE-1"], [1.0]),
        (["CURE-2", "CURE-1"], ["CURE-1"], [1.0]),
        (["CURE-2", "CURE-1"], ["CURE-1", "CURE-2"], [1.0, 1.0]),
        (["CURE-1", "CURE-2"], [{"rule": "CURE-1", "or": ["CURE-2"]}, {"rule": "CURE-1"}], [1.0, 1.0]),
        (["WIN-1"], [{"rule": "CURE-1", "or": ["WIN-1"]}], [1.0]),
        (["WIN-1"], ["UNKNOWN-1"], []),
        (["UNKNOWN-1"], ["UNKNOWN-1"], [1.0]),
    ],
)
def test_credit(cited, wanted, expected):
    assert credits(cited, wanted) == expected


def test_order_makes_no_difference():
    cited, wanted = ["CURE-2", "health", "CURE-1", "X-1"], ["CURE-1", {"rule": "WIN-1", "or": ["CURE-1"]}, "CURE-2"]
    outcomes = {
        tuple(credits(list(some), list(others)))
        for some in itertools.permutations(cited)
        for others in itertools.permutations(wanted)
    }
    assert outcomes == {(1.0, 1.0)} or len(outcomes) == 1


def test_evidence_breaks_ties():
    first, second = {"quote": "cures", "field": "title"}, {"quote": "prize", "field": "body"}
    ruling = rule_on("reject", {"rule": "WIN-1", "evidence": [second]}, {"rule": "WIN-1", "evidence": [first]})
    violations = [{"rule": "WIN-1", "evidence": [first]}, {"rule": "WIN-1", "evidence": [second]}]
    matching = match(ruling, Gold(verdict="reject", violations=violations), BOOK)
    assert {(pair.citation, pair.gold) for pair in matching.pairs} == {(0, 1), (1, 0)}


def test_assignment_is_the_best_there_is():
    rng = random.Random(0)
    for _ in range(200):
        rows, columns = rng.randint(1, 4), rng.randint(1, 4)
        values = {
            (i, j): rng.choice([0.25, 0.5, 1.0]) for i in range(rows) for j in range(columns) if rng.random() < 0.6
        }
        best = max(
            sum(values.get(pair, 0.0) for pair in zip(order, range(columns), strict=False))
            for order in itertools.permutations(range(max(rows, columns)))
        )
        chosen = assign(values)
        assert sum(values[pair] for pair in chosen) == best
        assert len({i for i, _ in chosen}) == len({j for _, j in chosen}) == len(chosen)
