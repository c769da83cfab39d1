"""Recall: of the rules that gold says are broken, how many are among the first k that are retrieved. It bounds what
any reviewer finds that is shown no more.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import NDArray

from data import SEVERITIES, Case, DataError, GoldViolation, Rulebook
from prompts.excerpts import Retriever, ranked, scored
from rl.evaluation.statistics import Clusters, Difference, Estimate, Share, paired_difference

KS = (1, 2, 4, 8, 16, 32)
"""How many rules recall is given for, beside the number that is asked about."""


@dataclass(frozen=True)
class Sought:
    """A rule that gold says a case breaks, and how soon it was found."""

    case: str
    cluster: str
    rule: str
    severity: str | None
    """None where the book has no such rule."""
    rank: float
    """From 1, the best of its accepted names; infinite where the book has none of them."""


@dataclass(frozen=True)
class Recall:
    """What one retriever finds of the gold of some cases."""

    retriever: str
    k: int
    """How many rules are asked about."""
    sought: Sequence[Sought]
    cases: int
    """With and without broken rules."""
    milliseconds: float
    """To score a case, encoding it included; the index was there already."""

    def at(self, k: int, severity: str | None = None) -> Estimate:
        """The share of broken rules among the first ``k``, with its interval over groups of cases.

        Args:
            severity: of those of this one; nan where there are none.
        """
        own = [one for one in self.sought if severity in (None, one.severity)]
        if not own:
            return Estimate(float("nan"), float("nan"), float("nan"), 0)
        found = np.array([one.rank <= k for one in own])
        low, high = Share(found, Clusters(_numbered([one.cluster for one in own]))).interval()
        return Estimate(float(found.mean()), low, high, len(own))

    @property
    def by_k(self) -> dict[int, Estimate]:
        """At `KS` and at the number that is asked about."""
        return {k: self.at(k) for k in sorted({*KS, self.k})}

    @property
    def by_severity(self) -> dict[str, Estimate]:
        """At the number that is asked about, the gravest first."""
        known = {one.severity for one in self.sought}
        return {severity: self.at(self.k, severity) for severity in reversed(SEVERITIES) if severity in known}

    @property
    def whole(self) -> Estimate:
        """The share of cases, of those that break a rule, all of whose broken rules are among the first ``k``."""
        clusters = {one.case: one.cluster for one in self.sought}
        worst = dict.fromkeys(clusters, 0.0)
        for one in self.sought:
            worst[one.case] = max(worst[one.case], one.rank)
        found = np.array([rank <= self.k for rank in worst.values()])
        low, high = Share(found, Clusters(_numbered(list(clusters.values())))).interval()
        return Estimate(float(found.mean()), low, high, len(found))

    @cached_property
    def never(self) -> dict[str, int]:
        """The rules that no case that breaks them is shown, with how many cases those are, most first."""
        broken = Counter(one.rule for one in self.sought)
        found = {one.rule for one in self.sought if one.rank <= self.k}
        return {rule: count for rule, count in broken.most_common() if rule not in found}

    def less(self, other: "Recall") -> Difference:
        """How much more this one finds among the first ``k`` than another does on the same cases, paired."""
        assert [(one.case, one.rule) for one in self.sought] == [(one.case, one.rule) for one in other.sought]
        ours, theirs = ([[one.rank <= self.k, 1.0] for one in recall.sought] for recall in (self, other))
        clusters = [one.cluster for one in self.sought]
        return paired_difference(ours, theirs, clusters, lambda totals: {"recall": totals[..., 0] / totals[..., 1]})[
            "recall"
        ]

    def as_json(self) -> dict[str, object]:
        """Every figure, and the rules that are never found."""
        return {
            "retriever": self.retriever,
            "k": self.k,
            "cases": self.cases,
            "recall": {str(k): vars(estimate) for k, estimate in self.by_k.items()},
            "by_severity": {severity: vars(estimate) for severity, estimate in self.by_severity.items()},
            "whole_cases": vars(self.whole),
            "never_found": self.never,
            "milliseconds_per_case": self.milliseconds,
        }


def measure_recall(retriever: Retriever, cases: Sequence[Case], k: int) -> Recall:
    """Looks for the rules of every case, and where those stand that it breaks.

    Args:
        k: how many rules are asked about.

    Raises:
        DataError: no case has gold that names a broken rule.
    """
    book, sought = retriever.book, []
    begin = time.perf_counter()
    orders = [order for scores in scored(retriever, cases) for order in ranked(scores)]
    seconds = time.perf_counter() - begin
    places = {rule: place for place, rule in enumerate(book.ids)}
    for case, order in zip(cases, orders, strict=True):
        rank = np.empty(len(book), dtype=np.int64)
        rank[order] = np.arange(1, len(book) + 1)
        sought += [_sought(case, violation, book, places, rank) for violation in _broken(case)]
    if not sought:
        raise DataError("no case has gold that names a broken rule: there is nothing to find", field="gold.violations")
    return Recall(retriever.name, k, sought, len(cases), 1000 * seconds / len(cases))


def _broken(case: Case) -> Sequence[GoldViolation]:
    return (case.gold.violations or []) if case.gold is not None else []


def _sought(
    case: Case, violation: GoldViolation, book: Rulebook, places: dict[str, int], rank: NDArray[np.int64]
) -> Sought:
    ranks = [float(rank[places[rule]]) for rule in violation.accepted if rule in places]
    rule = violation.rule_in(book)
    return Sought(case.id, case.cluster, violation.rule, rule.severity if rule else None, min(ranks, default=inf))


def _numbered(names: Sequence[str]) -> NDArray[np.int64]:
    """Names as whole numbers, equal ones alike."""
    numbers: NDArray[np.int64] = np.unique(np.asarray(names), return_inverse=True)[1]
    return numbers
