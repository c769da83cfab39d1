"""Curves: reliability, precision-recall and risk-coverage, as plain lists that a page can draw.

How ties, unparsed completions and gold's escalations are counted is the business of `ranking.ranking`, so that a curve
and the figure that sums it up (AUPRC, ECE) never disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rl.evaluation.predictions import Prediction
from rl.evaluation.ranking.ranking import (
    ByRisk,
    Floats,
    Source,
    area_under_risk,
    average_precision,
    by_confidence,
    by_risk,
    confidence_of,
    risk_of,
)

POINTS = 200
"""Most points of a curve: more cannot be told apart on a page."""


@dataclass(frozen=True)
class Reliability:
    """How often gold rejects, by the risk that is stated: one entry for each bin of equal width that is not empty."""

    stated: list[float]
    """The mean stated risk in the bin, 0..1."""
    observed: list[float]
    """The share of its cases that gold rejects, 0..1."""
    low: list[float]
    """95 % Wilson interval of the share."""
    high: list[float]
    counts: list[int]
    """Cases in the bin; with several samples of each, as many as they make up."""
    ece: float
    """Expected calibration error, a description only: it is biased upward. nan where no risk is stated."""
    left_out: int
    """Cases that gold escalates or does not annotate."""
    unparsed: int
    """Cases without a stated risk."""


@dataclass(frozen=True)
class PrecisionRecall:
    """Precision and recall of "reject from this risk on", by falling threshold."""

    thresholds: list[float]
    precision: list[float]
    recall: list[float]
    average_precision: float
    """The area under the curve, in whole steps (AUPRC); nan where gold rejects nothing."""
    prevalence: float
    """The share of cases that gold rejects: the precision of chance. nan where there are no cases."""
    positives: int
    """Cases that gold rejects."""
    cases: int
    """Cases that gold approves or rejects."""
    left_out: int
    """Cases that gold escalates or does not annotate."""
    unparsed: int
    """Cases without a stated risk: wrong at every threshold."""


@dataclass(frozen=True)
class RiskCoverage:
    """The error among decided cases, if only those are decided that are at least so confident, by falling confidence.

    Escalations are not decided at any confidence; unparsed completions count as decided, wrongly, at every one.
    """

    confidence: list[float]
    """The threshold, 0..1; inf for what is decided at every threshold."""
    coverage: list[float]
    """The share of cases decided; 1 - coverage is the escalation rate."""
    risk: list[float]
    """The share of those that is decided wrongly."""
    area: float
    """The mean risk over coverage from 0 to the greatest coverage (AURC); nan where nothing is decided."""
    cases: int
    """Cases with a gold verdict."""


def reliability(predictions: Sequence[Prediction], bins: int = 10, source: Source = "stated") -> Reliability:
    """The reliability diagram (Murphy & Winkler 1977) of stated risk, in bins of equal width."""
    ranking = _by_risk(predictions, source)
    said = np.isfinite(ranking.scores)
    # Several samples of a case tell little more than one does.
    told = len({prediction.case for prediction in predictions}) / max(1, len(predictions))
    found = binned(ranking.scores[said], ranking.true[said], bins, told)
    return replace(found, left_out=ranking.left_out, unparsed=ranking.unparsed)


def binned(scores: Floats, true: NDArray[np.bool_], bins: int = 10, told: float = 1.0) -> Reliability:
    """How often something is true, by how likely it is said to be.

    Args:
        scores: ``(N,)``, 0..1.
        true: ``(N,)``.
        told: how many loose rows each row is worth, 0..1.
    """
    place = np.minimum((scores * bins).astype(int), bins - 1)
    counts, stated, observed = (
        np.bincount(place, weights=weights, minlength=bins) for weights in (None, scores, true.astype(float))
    )
    filled = counts > 0
    counts, stated, observed = counts[filled], stated[filled], observed[filled]
    worth = np.asarray(counts * told, dtype=np.float64)
    low, high = wilson(observed / counts * worth, worth)
    return Reliability(
        stated=(stated / counts).tolist(),
        observed=(observed / counts).tolist(),
        low=low.tolist(),
        high=high.tolist(),
        counts=np.ceil(worth - 1e-9).astype(int).tolist(),
        ece=float(np.abs(stated - observed).sum() / len(scores)) if len(scores) else float("nan"),
        left_out=0,
        unparsed=0,
    )


def precision_recall(
    predictions: Sequence[Prediction], source: Source = "stated", points: int = POINTS
) -> PrecisionRecall:
    """The precision-recall curve of risk against gold's rejections (Davis & Goadrich 2006), ties whole."""
    ranking = _by_risk(predictions, source)
    tp, fp = ranking.steps()
    positives, cases = int(ranking.true.sum()), len(ranking.true)
    # What is flagged at every threshold alone is no threshold to choose.
    shown = _thinned(np.flatnonzero(np.isfinite(ranking.thresholds)), points)
    return PrecisionRecall(
        thresholds=ranking.thresholds[shown].tolist(),
        precision=(tp[shown] / (tp + fp)[shown]).tolist(),
        recall=(tp[shown] / positives if positives else np.full(len(shown), np.nan)).tolist(),
        average_precision=float(average_precision(ranking)),
        prevalence=positives / cases if cases else float("nan"),
        positives=positives,
        cases=cases,
        left_out=ranking.left_out,
        unparsed=ranking.unparsed,
    )


def risk_coverage(predictions: Sequence[Prediction], source: Source = "stated", points: int = POINTS) -> RiskCoverage:
    """The risk-coverage curve of selective prediction (El-Yaniv & Wiener 2010; Geifman & El-Yaniv 2017)."""
    judged = [p for p in predictions if p.gold is not None and p.gold.verdict is not None]
    ranking = by_confidence(
        [confidence_of(p, source) for p in judged],
        [p.verdict for p in judged],
        [p.gold.verdict if p.gold else None for p in judged],
        [p.gold.accept if p.gold else [] for p in judged],
    )
    wrong, right = ranking.steps()
    decided = wrong + right
    shown = _thinned(np.arange(len(decided)), points)
    return RiskCoverage(
        confidence=ranking.thresholds[shown].tolist(),
        coverage=(decided[shown] / len(judged)).tolist(),
        risk=(wrong[shown] / decided[shown]).tolist(),
        area=float(area_under_risk(ranking)),
        cases=len(judged),
    )


def wilson(hits: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """95 % score interval of shares (Wilson 1927)."""
    z = 1.959963984540054
    share, slack = hits / counts, z**2 / counts
    middle = (share + slack / 2) / (1 + slack)
    reach = z / (1 + slack) * np.sqrt(share * (1 - share) / counts + slack / (4 * counts))
    return middle - reach, middle + reach


def _by_risk(predictions: Sequence[Prediction], source: Source) -> ByRisk:
    golds = [p.gold.verdict if p.gold else None for p in predictions]
    return by_risk([risk_of(p, source) for p in predictions], golds)


def _thinned(places: NDArray[np.int64], points: int) -> NDArray[np.int64]:
    """At most so many of the places, evenly, with both ends."""
    if len(places) <= points:
        return places
    return places[np.unique(np.linspace(0, len(places) - 1, points).round().astype(int))]
