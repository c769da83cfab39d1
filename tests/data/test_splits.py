import random
from collections import Counter

import pytest

from data import Case, DataError, Gold, GoldViolation, kfold, split

RULES = [f"R-{i}" for i in range(8)]


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """2,000 cases, half of them in groups of very different size; rules from common to very rare."""
    rng = random.Random(0)
    made = []
    for i in range(2000):
        rule = rng.choices([None, *RULES], weights=[1.2, *(0.5**k for k in range(8))])[0]
        violations = [GoldViolation(rule=rule)] if rule else []
        group = f"g-{int(rng.paretovariate(1.0) * 10) % 200}" if rng.random() < 0.5 else None
        made.append(
            Case(id=str(i), group=group, gold=Gold(verdict="reject" if rule else "approve", violations=violations))
        )
    return made


def rule_of(case: Case) -> str:
    assert case.gold is not None
    return case.gold.violations[0].rule if case.gold.violations else "none"


SHARES = {"train": 0.7, "valid": 0.1, "test": 0.2}


def test_every_case_is_in_one_part_and_no_group_in_two(cases: list[Case]) -> None:
    parts = split(cases, SHARES)
    assert sorted(case.id for part in parts.values() for case in part) == sorted(case.id for case in cases)
    homes: dict[str, set[str]] = {}
    for name, part in parts.items():
        for case in part:
            homes.setdefault(case.cluster, set()).add(name)
    assert all(len(names) == 1 for names in homes.values())


def test_parts_have_their_share_of_cases_and_of_every_rule(cases: list[Case]) -> None:
    parts = split(cases, SHARES)
    total = Counter(map(rule_of, cases))
    for name, share in SHARES.items():
        assert abs(len(parts[name]) - share * len(cases)) <= 2
        for rule, count in Counter(map(rule_of, parts[name])).items():
            assert abs(count - share * total[rule]) <= max(3, 0.1 * share * total[rule]), (name, rule)


def test_parts_depend_on_the_seed_and_not_on_the_order(cases: list[Case]) -> None:
    def test_ids(given: list[Case], seed: int) -> set[str]:
        return {case.id for case in split(given, SHARES, seed)["test"]}

    shuffled = random.Random(1).sample(cases, len(cases))
    assert test_ids(cases, 0) == test_ids(shuffled, 0)
    assert test_ids(cases, 0) != test_ids(cases, 1)


def test_a_part_keeps_the_order_given(cases: list[Case]) -> None:
    for part in split(cases, SHARES).values():
        ids = [int(case.id) for case in part]
        assert ids == sorted(ids)


def test_a_caller_can_say_what_to_spread(cases: list[Case]) -> None:
    parts = split(cases, {"a": 0.5, "b": 0.5}, stratify=lambda case: int(case.id) % 2)
    odd = [sum(int(case.id) % 2 for case in part) for part in parts.values()]
    assert abs(odd[0] - odd[1]) <= 2


def test_folds_hold_out_every_case_once_and_spread_the_rarest_rule(cases: list[Case]) -> None:
    folds = kfold(cases, 5)
    assert sorted(case.id for _, out in folds for case in out) == sorted(case.id for case in cases)
    for train, out in folds:
        assert not {case.cluster for case in train} & {case.cluster for case in out}
        assert len(train) + len(out) == len(cases) and abs(len(out) - 400) <= 2
    few = [Case(id=f"f{i}", gold=Gold(verdict="reject", violations=[GoldViolation(rule="FEW-1")])) for i in range(4)]
    counts = [sum(rule_of(case) == "FEW-1" for case in out) for _, out in kfold([*cases, *few], 5)]
    assert sorted(counts) == [0, 1, 1, 1, 1]


def test_cases_without_gold_split_too() -> None:
    parts = split([Case(id=str(i)) for i in range(100)], {"a": 0.9, "b": 0.1})
    assert [len(part) for part in parts.values()] == [90, 10]


@pytest.mark.parametrize("shares", [{}, {"a": 0.5}, {"a": 1.5, "b": -0.5}])
def test_shares_must_sum_to_one(shares: dict[str, float]) -> None:
    with pytest.raises(DataError, match="shares must be positive and sum to 1"):
        split([Case(id="1")], shares)


@pytest.mark.parametrize("k", [1, 3])
def test_too_few_groups_for_the_folds(k: int) -> None:
    with pytest.raises(DataError, match="folds of 2 groups"):
        kfold([Case(id="1", group="a"), Case(id="2", group="a"), Case(id="3")], k)
