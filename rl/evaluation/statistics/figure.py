"""Figure: one figure of several models on the same cases, with resamples that all models share.

What interval a figure has depends on what it is. Where it is the share of rows that are right, a model's own interval
is exact (`Share`) and that of a difference is a score interval (`Pairing`). Anything else (F1, cost, AUPRC) is
resampled over clusters, and its interval reaches as far as `reach` says, within the figure's bounds. How often all of
them hold is simulated in the tests of coverage and by ``benchmarks/intervals.py``. No interval has width zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, nan, sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rl.evaluation.statistics.bootstrap import Counts, Statistic, resample
from rl.evaluation.statistics.clusters import Clusters
from rl.evaluation.statistics.corrections import max_t_level
from rl.evaluation.statistics.estimate import Difference, Estimate
from rl.evaluation.statistics.pairing import Pairing
from rl.evaluation.statistics.power import cases_to_decide
from rl.evaluation.statistics.reach import beyond, reach
from rl.evaluation.statistics.share import Share

Bounds = tuple[float, float]
"""The least and the greatest value that a figure can have."""
SHARE: Bounds = (0.0, 1.0)


class Interval(Protocol):
    """What knows the interval of a figure without resamples, such as a `Share`, a `Rate` or a `Quantile`."""

    def interval(self, level: float = 0.95) -> tuple[float, float]: ...


@dataclass(frozen=True)
class Figure:
    """One figure of several models, baseline first."""

    values: NDArray[np.float64]
    """``(models,)``."""
    draws: NDArray[np.float64]
    """``(resamples, models)``; nan where a resample has nothing to divide by."""
    support: int
    """How many cases (or citations, or pairs) it speaks of; several samples of a case count once."""
    shares: Sequence[Share | None]
    """One per model, where the figure is the share of right rows."""
    pairings: list[Pairing] | None
    """One per challenger, where it is that of the same rows in every model."""
    clusters: Clusters
    """Of the rows that it speaks of."""
    step: float
    """How far one more cluster can move it, above 0."""
    bounds: Bounds = SHARE
    intervals: Sequence[Interval] = ()
    """One per model, where it is no share of rows, and its own interval is known even so."""

    def estimate(self, model: int = 0, level: float = 0.95) -> Estimate | None:
        """One model's figure with its own interval; None where it does not apply."""
        value = float(self.values[model])
        if np.isnan(value):
            return None
        share = self.shares[model]
        if share is not None:
            return Estimate(value, *share.interval(level), self.support)
        if self.intervals:
            return Estimate(value, *self.intervals[model].interval(level), self.support)
        far = self._reach(self.draws[:, model], level)
        return Estimate(value, max(self.bounds[0], value - far), min(self.bounds[1], value + far), self.support)

    def known_difference(self, challenger: int = 0, level: float = 0.95) -> Difference | None:
        """`difference`; None where the figure does not apply to one of the two."""
        return None if self._unknown(challenger) else self.difference(challenger, level)

    def difference(self, challenger: int = 0, level: float = 0.95) -> Difference:
        """How much higher a challenger's figure is than the baseline's.

        Args:
            challenger: its place among the challengers.
            level: the coverage, 0..1.
        """
        value = nan if self._unknown(challenger) else float(self.values[challenger + 1] - self.values[0])
        if self.pairings is not None:
            pairing = self.pairings[challenger]
            (low, high), (p, mid_p, test) = pairing.interval(level), pairing.test()
            return Difference(value, low, high, self.support, "score", p, mid_p, test)
        change, span = self._change(challenger), self.bounds[1] - self.bounds[0]
        far = self._reach(change, level)
        low, high = beyond(change, value - far, value + far, level)
        return Difference(value, max(-span, low), min(span, high), self.support)

    def _unknown(self, challenger: int) -> bool:
        """Whether one of the two has no figure, or both an infinite one: then neither is known to be higher."""
        pair = self.values[[0, challenger + 1]]
        return bool(np.isnan(pair).any() or np.isinf(pair).all())

    def simultaneous(self, level: float = 0.95) -> list[Estimate]:
        """Intervals of all challengers' differences that hold together: each at the level that the max-t gives."""
        challengers = range(len(self.values) - 1)
        if not np.isfinite(self.values).all():
            return []
        together = max_t_level(self.draws[:, 1:] - self.draws[:, :1], self.values[1:] - self.values[0], level)
        wider = [self.difference(challenger, together) for challenger in challengers]
        return [Estimate(found.value, found.low, found.high, found.support) for found in wider]

    def cases_to_decide(self, distance: float, challenger: int = 0) -> int | None:
        """How large the support must be for a one-sided 95 % bound to clear a margin, if the difference stays.

        Args:
            distance: of the difference from the margin; None comes back for 0, as no number would do.
        """
        if self.pairings is not None:
            pairing = self.pairings[challenger]
            # One more pair of either kind, so that no change at all is not taken for certainty.
            both, gained, lost, neither = pairing.table
            rows = both + gained + lost + neither + 1
            share, gap = (gained + lost + 1) / rows, (gained - lost) / rows
            needed = cases_to_decide(distance, sqrt(share - gap**2), design_effect=pairing.design_effect)
            return None if needed is None else max(1, round(needed * self.support / (rows - 1)))
        return self._cases_to_clear(distance, _variance(self._change(challenger)))

    def cases_to_decide_alone(self, distance: float, model: int = 0) -> int | None:
        """The same for a model's own figure and its distance from a limit."""
        share = self.shares[model]
        if share is None:
            return self._cases_to_clear(distance, _variance(self.draws[:, model]))
        rows, right = len(share.right), float(share.right.sum())
        variance = (right + 0.5) * (rows - right + 0.5) / (rows + 1) ** 2
        needed = cases_to_decide(distance, sqrt(variance), design_effect=share.design_effect)
        return None if needed is None else max(1, round(needed * self.support / rows))

    def _cases_to_clear(self, distance: float, variance: float) -> int | None:
        # As `reach` has it: the variance grows with the distance.
        if not isfinite(distance) or not isfinite(variance):
            return None
        return cases_to_decide(distance, sqrt((variance + abs(distance) * self.step) * self.support))

    def _change(self, challenger: int) -> NDArray[np.float64]:
        ours, theirs = self.draws[:, challenger + 1], self.draws[:, 0]
        alike = ours == theirs  # both infinite, too
        change: NDArray[np.float64] = np.where(alike, 0.0, np.where(alike, 0.0, ours) - np.where(alike, 0.0, theirs))
        return change

    def _reach(self, draws: NDArray[np.float64], level: float) -> float:
        return reach(_variance(draws[np.isfinite(draws)]), self.step, self.clusters.quantile(level))


def _variance(draws: NDArray[np.float64]) -> float:
    """Of those that are known; infinite where one of them is."""
    known = draws[~np.isnan(draws)]
    return inf if np.isinf(known).any() else float(known.var()) if len(known) else 0.0


@dataclass(frozen=True)
class Sheet:
    """One metric on the same rows in several models."""

    counts: Sequence[Counts]
    """Per model, baseline first: additive counts ``(N, K)``, the support last."""
    formula: Statistic
    """Totals ``(..., K)`` to named figures ``(...)``."""
    bounds: Bounds = SHARE
    """The least and the greatest value of its figures; infinite where there is none."""
    weights: NDArray[np.float64] | None = None
    """Of the rows, ``(N,)``; 1 each if None."""
    rests_on: float | None = None
    """On how many rows the figures rest, where that is fewer than they speak of: a mean over classes on no more than
    as many for each as the rarest has."""


def figures(
    sheets: Sequence[Sheet],
    clusters: NDArray[np.int64],
    resamples: int,
    seed: int = 0,
    cases: NDArray[np.int64] | None = None,
) -> list[dict[str, Figure]]:
    """The figures of several metrics, by name, on the same rows and from the same resamples.

    Args:
        clusters: the cluster of each row, ``(N,)``.
        cases: the case of each row, where a case has several; each row is one if None.

    Raises:
        ValueError: a figure is not within its bounds.
    """
    weighed = [[counts if s.weights is None else counts * s.weights[:, None] for counts in s.counts] for s in sheets]
    drawn = resample([np.hstack(counts) for counts in weighed], clusters, resamples, seed)
    rows = zip(sheets, weighed, drawn, strict=True)
    return [_figures(sheet, counts, clusters, cases, draws) for sheet, counts, draws in rows]


def support_of(column: NDArray[np.float64], cases: NDArray[np.int64] | None) -> int:
    """How much rows support, when the samples of one case count once: with what the one that has most has."""
    if cases is None:
        return round(float(column.sum()))
    most = np.zeros(int(cases.max(initial=-1)) + 1)
    np.maximum.at(most, cases, column)
    return round(float(most.sum()))


def _figures(
    sheet: Sheet,
    counts: Sequence[Counts],
    clusters: NDArray[np.int64],
    cases: NDArray[np.int64] | None,
    draws: Counts,
) -> dict[str, Figure]:
    formula = sheet.formula
    totals = [formula(model.sum(axis=0)) for model in counts]
    resampled = [formula(part) for part in np.split(draws, len(counts), axis=-1)]
    rows = [formula(model) for model in counts]
    support = support_of(sheet.counts[0][:, -1], cases)
    found = {}
    for name in totals[0]:
        values = np.array([float(total[name]) for total in totals])
        _within(name, values, sheet.bounds)
        by_row = [np.asarray(model[name], dtype=float) for model in rows]
        spoken_of = ~np.isnan(np.stack(by_row)).all(axis=0)
        here = Clusters(clusters[spoken_of], None if sheet.weights is None else sheet.weights[spoken_of])
        plain = sheet.bounds == SHARE and sheet.weights is None
        found[name] = Figure(
            values=values,
            draws=np.stack([model[name] for model in resampled], axis=-1),
            support=support,
            shares=[_share(v, r, clusters) if plain else None for v, r in zip(values, by_row, strict=True)],
            pairings=_pairings(values, by_row, clusters) if plain else None,
            clusters=here,
            step=_step(sheet, np.stack(by_row)[:, spoken_of], here),
            bounds=sheet.bounds,
        )
    return found


def _within(name: str, values: NDArray[np.float64], bounds: Bounds) -> None:
    known = values[~np.isnan(values)]
    if (known < bounds[0] - 1e-9).any() or (known > bounds[1] + 1e-9).any():
        raise ValueError(f"'{name}' is {known.tolist()}, beyond its bounds {bounds}: say what bounds it has")


def _step(sheet: Sheet, by_row: NDArray[np.float64], clusters: Clusters) -> float:
    """What one more cluster of typical size, on the other end of what is possible, would change."""
    span = sheet.bounds[1] - sheet.bounds[0]
    if not isfinite(span):  # as far apart as rows have been seen, or as far from nothing
        seen = by_row[~np.isnan(by_row)]
        span = float(max(seen.max(initial=0.0), 0.0) - min(seen.min(initial=0.0), 0.0)) or 1.0
    rows = float(clusters.sizes.sum())
    if sheet.rests_on is not None:
        rows = min(rows, sheet.rests_on)
    return span * clusters.typical / max(rows, 1.0)


def _share(value: float, by_row: NDArray[np.float64], clusters: NDArray[np.int64]) -> Share | None:
    """Right and wrong, where a figure is the share of right rows among those that it speaks of."""
    applies = ~np.isnan(by_row)
    right = by_row[applies]
    if not len(right) or not np.isin(right, (0.0, 1.0)).all() or abs(right.mean() - value) > 1e-12:
        return None
    return Share(right == 1.0, Clusters(clusters[applies]))


def _pairings(
    values: NDArray[np.float64], by_row: Sequence[NDArray[np.float64]], clusters: NDArray[np.int64]
) -> list[Pairing] | None:
    """Pairs of right and wrong, where a figure is the share of right rows among the same rows in every model."""
    applies = ~np.isnan(by_row[0])
    if any((np.isnan(model) == applies).any() for model in by_row):
        return None
    shares = [_share(value, model, clusters) for value, model in zip(values, by_row, strict=True)]
    if None in shares:
        return None
    baseline, *challengers = (share for share in shares if share is not None)
    return [Pairing(baseline.right, challenger.right, baseline.clusters) for challenger in challengers]
