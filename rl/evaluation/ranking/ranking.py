"""Ranking: predictions in the order of the risk they state, for the figures and curves that ask "from what risk on?".

Cases that gold escalates, or leaves open, take no part in ranking by risk; their number is kept. A case whose
prediction states no risk (an unparsed completion) is wrong at every threshold: never flagged where gold rejects,
always flagged where gold approves. Equal scores are one step, taken whole, so that no order among them can be lucky.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, isfinite
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rl.evaluation.outcomes import outcome
from rl.evaluation.predictions import Prediction

Floats = NDArray[np.float64]
Source = Literal["stated", "verdict token"]
"""Where the risk comes from: the confidence that the ruling states, or the probability of its verdict's token."""
_DIGITS = 9
"""Approving at .9 and rejecting at .1 state one risk, but 1 - .9 is not .1 in floating point."""


@dataclass(frozen=True)
class Ranking:
    """Cases by a score that should be high where something is true of them.

    The last axis of everything is the case; a score of ``+inf`` is above every threshold and ``-inf`` below.
    """

    scores: Floats
    """``(N,)``."""
    true: NDArray[np.bool_]
    """``(N,)``: whether the case is what the score looks for."""

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Cases by falling score."""
        return np.argsort(-self.scores, kind="stable")

    @cached_property
    def ends(self) -> NDArray[np.int64]:
        """Where, in that order, each run of equal scores ends; those at ``-inf`` are left out."""
        ranked = self.scores[self.order]
        last = np.append(ranked[1:] != ranked[:-1], True) if len(ranked) else np.zeros(0, dtype=bool)
        return np.flatnonzero(last & (ranked > -np.inf))

    @cached_property
    def thresholds(self) -> Floats:
        """The score of each run, falling: "from here on" takes the run in."""
        return self.scores[self.order][self.ends]

    def steps(self, weights: Floats | None = None) -> tuple[Floats, Floats]:
        """The weight of true and of false cases taken in at each threshold, ``(..., T)`` each.

        Args:
            weights: of the cases, ``(..., N)``; 1 each if None.
        """
        weights = np.ones(len(self.scores)) if weights is None else weights
        ranked, true = weights[..., self.order], self.true[self.order]
        return np.cumsum(ranked * true, axis=-1)[..., self.ends], np.cumsum(ranked * ~true, axis=-1)[..., self.ends]

    def collapsed(self) -> tuple["Ranking", NDArray[np.int64]]:
        """The same ranking with equal cases put together, and for each case its place there.

        Models state few different confidences, so what has to be done many times is done far quicker on this.
        """
        pairs = np.column_stack([self.scores, self.true])
        entries, places = np.unique(pairs, axis=0, return_inverse=True)
        return Ranking(np.asarray(entries[:, 0], dtype=np.float64), entries[:, 1] == 1), places.ravel()


@dataclass(frozen=True)
class ByRisk(Ranking):
    """Cases that gold approves or rejects, by stated risk; true is gold's rejection."""

    left_out: int
    """Cases that gold escalates or does not annotate."""
    unparsed: int
    """Cases without a risk, which are wrong at every threshold."""


def by_risk(risks: Sequence[float | None], golds: Sequence[str | None]) -> ByRisk:
    """The ranking of stated risks, None where none is stated, against gold verdicts."""
    kept = [(risk, gold == "reject") for risk, gold in zip(risks, golds, strict=True) if gold in ("approve", "reject")]
    scores = [(-np.inf if true else np.inf) if risk is None else risk for risk, true in kept]
    return ByRisk(
        np.round(np.array(scores, dtype=float), _DIGITS),
        np.array([true for _, true in kept], dtype=bool),
        left_out=len(golds) - len(kept),
        unparsed=sum(risk is None for risk, _ in kept),
    )


def by_confidence(
    confidences: Sequence[float | None],
    verdicts: Sequence[str],
    golds: Sequence[str | None],
    accept: Sequence[Sequence[str]],
) -> Ranking:
    """The ranking of confidence in the verdict; true is a *wrong* decision, so that what is taken in is the error.

    Escalations are never decided (``-inf``); an unparsed completion is decided, wrongly, at every threshold. Cases
    without a gold verdict must not be in here.
    """
    scores = [
        -np.inf if verdict == "escalate" else np.inf if confidence is None else confidence
        for confidence, verdict in zip(confidences, verdicts, strict=True)
    ]
    rows = zip(verdicts, golds, accept, confidences, strict=True)
    wrong = [outcome(v, gold, also) != "right" or confidence is None for v, gold, also, confidence in rows]
    return Ranking(np.round(np.array(scores, dtype=float), _DIGITS), np.array(wrong, dtype=bool))


def average_precision(ranking: Ranking, weights: Floats | None = None) -> Floats:
    """``Σ (R_i - R_{i-1}) P_i`` over falling thresholds, ``(...)``; nan where nothing is true.

    Args:
        weights: of the cases, ``(..., N)``; 1 each if None.
    """
    tp, fp = ranking.steps(weights)
    all_true = np.asarray((ranking.true if weights is None else weights * ranking.true).sum(axis=-1), dtype=float)
    gained = np.diff(tp, axis=-1, prepend=0.0)
    return _divided((gained * _divided(tp, tp + fp, 0.0)).sum(axis=-1), all_true)


def area_under_risk(ranking: Ranking, weights: Floats | None = None) -> Floats:
    """The mean error among those taken in, over the share taken in, ``(...)``; nan where none can be.

    Between two thresholds the risk is that of the further one: a tie is taken in whole.
    """
    wrong, right = ranking.steps(weights)
    taken = wrong + right
    gained = np.diff(taken, axis=-1, prepend=0.0)
    whole = taken[..., -1] if taken.shape[-1] else np.zeros(taken.shape[:-1])
    return _divided((gained * _divided(wrong, taken, 0.0)).sum(axis=-1), whole)


def _divided(part: Floats, whole: Floats, otherwise: float = float("nan")) -> Floats:
    whole = np.asarray(whole, dtype=float)
    return np.divide(part, whole, out=np.full_like(whole, otherwise), where=whole > 0)


def risk_of(prediction: Prediction, source: Source = "stated") -> float | None:
    """How likely a prediction says a violation is, 0..1; None where it says nothing.

    The probability of the verdict's token is that of the verdict *given the violations and reasoning written before
    it*, so it tends to be near 1.
    """
    if source == "stated" or prediction.ruling is None:
        return prediction.risk
    logprob = prediction.verdict_logprob
    if logprob is None or not isfinite(logprob):
        return None
    if prediction.verdict == "escalate":
        return 0.5
    sure = min(1.0, exp(logprob))
    return sure if prediction.verdict == "reject" else 1.0 - sure


def confidence_of(prediction: Prediction, source: Source = "stated") -> float | None:
    """How sure a prediction is of its verdict, 0..1; None where it says nothing."""
    risk = risk_of(prediction, source)
    return risk if risk is None or prediction.verdict != "approve" else 1.0 - risk
