"""Fit: the threshold of a cascade that reviews least and keeps a promised miss rate.

Of thresholds from the lowest up, the first that cannot be promised ends it: however many there are, the promise fails
on at most ``1 - confidence`` of the sets of cases that it could have been chosen on (fixed-sequence testing, arXiv
2110.01052, section 3; the losses grow with the threshold, so that it is the risk-controlling set of arXiv 2101.02703).
"""

from bisect import bisect_left
from math import log1p

import numpy as np

from data import DataError
from rl.evaluation.cascade.cascade import Cascade
from rl.evaluation.cascade.curve import curve
from rl.evaluation.cascade.passes import Passes
from rl.evaluation.cascade.promise import p_value
from rl.evaluation.evaluation import Evaluation


def fit_cascade(cheap: Evaluation, full: Evaluation, miss_rate: float, confidence: float = 0.95) -> Cascade:
    """Chooses the threshold on two evaluations of the same cases, which are not to be measured on.

    Args:
        cheap: of what reads every case.
        full: of what reviews with reasoning.
        miss_rate: the promise: at most this share of violating cases is let through, 0..1. Clusters count alike.
        confidence: on what share of sets of cases it has to hold.

    Raises:
        DataError: the promise cannot be kept even if all cases are reviewed (says which share would have to go to
            people), gold rejects nothing, or the two are not of the same cases.
    """
    if not 0 < miss_rate < 1 or not 0 < confidence < 1:
        raise DataError("a promised miss rate and its confidence are shares above 0 and below 1")
    passes = Passes.of(cheap, full)
    if not passes.violating.any():
        raise DataError(f"gold rejects none of the cases of '{full.split}', so that nothing can be said of misses")

    chosen = threshold_for(passes, miss_rate, confidence)
    if chosen is None:
        raise DataError(_impossible(passes, full, miss_rate, confidence))
    losses = passes.losses(chosen)
    return Cascade(
        approve_below=None if chosen == -np.inf else chosen,
        miss_rate=miss_rate,
        confidence=confidence,
        violating=int(passes.violating.sum()),
        clusters=len(losses),
        missed=float(losses.mean()),
        reviewed=passes.reviewed(chosen),
        source=full.split,
        points=tuple(curve(passes)),
        cheap=cheap.origin,
        full=full.origin,
        cases=frozenset(prediction.case for prediction in full.predictions),
    )


def threshold_for(passes: Passes, miss_rate: float, confidence: float) -> float | None:
    """The greatest risk to approve at without a review; ``-inf`` where all are to be reviewed, None where even so the
    promise cannot be kept."""
    thresholds = [-np.inf, *np.unique(passes.risk[np.isfinite(passes.risk)])]

    def broken(threshold: float) -> bool:
        return p_value(passes.losses(threshold), miss_rate) > 1 - confidence

    first = bisect_left(thresholds, True, key=broken)  # losses grow with the threshold, and so does the p-value
    return float(thresholds[first - 1]) if first else None


def _impossible(passes: Passes, full: Evaluation, miss_rate: float, confidence: float) -> str:
    """Why a promise is refused, and what could be had."""
    losses = passes.losses(-np.inf)
    said = (
        f"a miss rate of {miss_rate:g} cannot be promised at confidence {confidence:g}: reviewed all with reasoning, "
        f"'{full.name}' misses {losses.mean():.3f} of {len(losses):,} independent violating cases"
    )
    if p_value(np.zeros(len(losses)), miss_rate) > 1 - confidence:
        needed = np.ceil(log1p(-confidence) / log1p(-miss_rate))
        few = "with so few no rate this low can be promised of anything"
        return f"{said}, and {few}: {needed:,.0f} are needed at least"
    thresholds = [*np.unique(passes.doubt[passes.approved]), np.inf]  # the higher, the fewer cases go to people

    def broken(threshold: float) -> bool:
        return p_value(passes.losses_with_people(threshold), miss_rate) > 1 - confidence

    kept = thresholds[bisect_left(thresholds, True, key=broken) - 1]  # at the lowest, people see all that is approved
    share = passes.to_people(kept).mean()
    return f"{said}; at least {share:.3f} of all cases would have to go to people, by the risk that it states"
