"""Splitting cases: by whole groups, evenly over verdicts and rules, and the same way each time.

Near-duplicates and ads of one advertiser share a group and stay together. Groups are dealt out one by one, rarest
stratum and largest group first, each to the part where it does the least harm to the balance. Which groups go
together depends on the seed and on what the cases say, not on the order in which they come.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence

from data.case import Case
from data.errors import DataError

Stratify = Callable[[Case], Hashable]


def split(
    cases: Sequence[Case], shares: Mapping[str, float], seed: int = 0, stratify: Stratify | None = None
) -> dict[str, list[Case]]:
    """Cases by the name of their part, in the order given.

    Args:
        shares: name of each part and its share of the cases; they sum to 1.
        stratify: what to spread evenly; the verdict and rarest violated rule if None.

    Raises:
        DataError: the shares are not positive or do not sum to 1.
    """
    if not shares or min(shares.values()) <= 0 or abs(sum(shares.values()) - 1.0) > 1e-6:
        raise DataError(f"shares must be positive and sum to 1, not {dict(shares)}")
    part_of = _deal(cases, shares, seed, stratify or by_verdict_and_rule(cases))
    parts: dict[str, list[Case]] = {name: [] for name in shares}
    for case in cases:
        parts[part_of[case.cluster]].append(case)
    return parts


def kfold(
    cases: Sequence[Case], k: int, seed: int = 0, stratify: Stratify | None = None
) -> list[tuple[list[Case], list[Case]]]:
    """``k`` pairs of (training cases, held-out cases); every case is held out once.

    Raises:
        DataError: ``k`` is below 2 or there are fewer than ``k`` groups.
    """
    groups = len({case.cluster for case in cases})
    if not 2 <= k <= groups:
        raise DataError(f"cannot make {k} folds of {groups} groups: want 2 to {groups}")
    folds = split(cases, {str(i): 1 / k for i in range(k)}, seed, stratify)
    held_out = [{case.id for case in fold} for fold in folds.values()]
    return [([c for c in cases if c.id not in out], [c for c in cases if c.id in out]) for out in held_out]


def by_verdict_and_rule(cases: Sequence[Case]) -> Stratify:
    """The default strata: gold verdict, and of the rules that gold says are broken the one rarest in ``cases``."""
    support = Counter(rule for case in cases for rule in _broken(case))

    def stratum(case: Case) -> Hashable:
        verdict = case.gold.verdict if case.gold is not None else None
        return verdict, min(_broken(case), key=lambda rule: (support[rule], rule), default=None)

    return stratum


def _broken(case: Case) -> list[str]:
    return [violation.rule for violation in (case.gold and case.gold.violations) or []]


def _deal(cases: Sequence[Case], shares: Mapping[str, float], seed: int, stratify: Stratify) -> dict[str, str]:
    """The part of each group."""
    groups: dict[str, Counter[Hashable]] = defaultdict(Counter)
    for case in cases:
        groups[case.cluster][stratify(case)] += 1
    total: Counter[Hashable] = sum(groups.values(), Counter())
    held: dict[str, Counter[Hashable]] = {name: Counter() for name in shares}

    def harm(group: str, name: str) -> float:
        """How much the part's chi-squared distance from its share grows: in the group's strata, and in size."""
        part, content = held[name], groups[group]
        strata = sum(_growth(part[s], n, shares[name] * total[s]) for s, n in content.items())
        return strata + _growth(part.total(), content.total(), shares[name] * len(cases))

    def turn(group: str) -> tuple[int, int, str]:
        return min(total[stratum] for stratum in groups[group]), -groups[group].total(), _shuffled(seed, group)

    part_of = {}
    for group in sorted(groups, key=turn):
        # Among equals the seed decides, not the order of the parts.
        part = min(shares, key=lambda name: (round(harm(group, name), 9), _shuffled(seed, group, name)))
        held[part] += groups[group]
        part_of[group] = part
    return part_of


def _growth(held: int, more: int, target: float) -> float:
    """How (held - target)² / target grows with ``more``."""
    return more * (more + 2 * (held - target)) / target


def _shuffled(seed: int, *names: str) -> str:
    return hashlib.sha256(repr((seed, *names)).encode("utf-8", "surrogatepass")).hexdigest()
