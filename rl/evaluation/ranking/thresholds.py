"""Thresholds: from what risk on to reject, chosen on one set of cases and then frozen.

A threshold that is chosen on the cases it is judged by looks better than it is, and the more so the fewer there are.
So they are chosen on a validation set, and the test set shows what they achieve there.
"""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from data import DataError
from rl.evaluation.origin import Origin
from rl.evaluation.predictions import Prediction
from rl.evaluation.ranking.ranking import Floats, Ranking, by_confidence, by_risk, confidence_of

FEWEST = 100
"""Fewer positives than this say too little about a threshold."""
PRECISIONS, RECALLS, RISKS = (0.90, 0.95), (0.90, 0.95), (0.05,)
"""The targets, as shares."""


class Threshold(BaseModel):
    """One threshold, or why there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    value: float | None
    """Of risk (or, for a target error, of confidence), 0..1; None if there is none."""
    achieved: float | None = None
    """The precision, recall or error that it has where it was chosen."""
    note: str | None = None
    """Why there is none."""


class Thresholds(BaseModel):
    """The thresholds for every target, by name: ``precision_90``, ``recall_95``, ``risk_05``, …"""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    source: str
    """The evaluation they were chosen on."""
    positives: int
    """How many of its cases gold rejects."""
    chosen: dict[str, Threshold] = Field(default_factory=dict)
    origin: Origin | None = None
    """The model that they were chosen for; None where the caller vouches for it."""
    cases: frozenset[str] = Field(default=frozenset(), exclude=True, repr=False)
    """The ids of the cases that they were chosen on; not written down."""

    def check(self, origin: Origin, cases: Collection[str]) -> None:
        """Makes sure that they can be used for a model on these cases.

        Raises:
            DataError: they were chosen for another model, with another template, under another rulebook, or on some
                of these cases.
        """
        what = self.origin.differs_from(origin) if self.origin is not None else None
        if what is not None:
            assert self.origin is not None
            whose = f" ('{self.origin.name}', not '{origin.name}')" if what == "model" else ""
            hint = " under the same --name" if "predictions" in origin.model and what == "model" else ""
            raise DataError(
                f"the thresholds were chosen on '{self.source}' for another {what}{whose}, whose risks mean something "
                f"else: evaluate this one there{hint}, and give that evaluation as --thresholds"
            )
        if shared := sorted(self.cases & set(cases)):
            named = ", ".join(shared[:5]) + (", …" if len(shared) > 5 else "")
            raise DataError(
                f"the thresholds were chosen on '{self.source}', which has {len(shared)} of these cases: {named}. A "
                "threshold flatters on the cases that it was chosen on: choose it on others"
            )

    def values(self, kind: str, targets: Sequence[float]) -> list[float | None]:
        """The thresholds of one kind, in the order of the targets."""
        return [self.chosen[named(kind, target)].value for target in targets]


def named(kind: str, target: float) -> str:
    """``("precision", 0.9)`` → ``precision_90``."""
    return f"{kind}_{round(100 * target):02d}"


def choose_thresholds(
    predictions: Sequence[Prediction], source: str = "valid", origin: Origin | None = None
) -> Thresholds:
    """Chooses on these predictions the thresholds to use on others.

    For a target precision the one of greatest recall, for a target recall the highest that has it, for a target error
    among decided cases the one that decides most. Under 100 positives (or decided cases) none is chosen; several
    samples of a case are one.

    Args:
        source: what the set of cases is called.
        origin: whose predictions they are, so that another model is not judged at them.
    """
    judged = [p for p in predictions if p.gold is not None and p.gold.verdict is not None]
    golds = [p.gold.verdict if p.gold else None for p in judged]
    ranking = by_risk([p.risk for p in judged], golds)
    tp, fp = ranking.steps()
    positives = distinct(p for p in judged if p.gold is not None and p.gold.verdict == "reject")
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = tp / (tp + fp), tp / ranking.true.sum()
    chosen = {}
    for target in PRECISIONS:
        reached = np.flatnonzero((precision >= target) & np.isfinite(ranking.thresholds))
        chosen[named("precision", target)] = _threshold(ranking, reached[-1:], precision, positives, "to reject")
    for target in RECALLS:
        reached = np.flatnonzero((recall >= target) & np.isfinite(ranking.thresholds))
        chosen[named("recall", target)] = _threshold(ranking, reached[:1], recall, positives, "to reject")
    accept = [p.gold.accept if p.gold else [] for p in judged]
    sure = by_confidence([confidence_of(p) for p in judged], [p.verdict for p in judged], golds, accept)
    wrong, right = sure.steps()
    error, decided = wrong / (wrong + right), distinct(judged[row] for row in np.flatnonzero(sure.scores > -np.inf))
    for target in RISKS:
        reached = np.flatnonzero((error <= target) & np.isfinite(sure.thresholds))
        chosen[named("risk", target)] = _threshold(sure, reached[-1:], error, decided, "that are decided")
    cases = frozenset(prediction.case for prediction in predictions)
    return Thresholds(source=source, positives=positives, chosen=chosen, origin=origin, cases=cases)


def distinct(predictions: Iterable[Prediction]) -> int:
    """How many cases these are: several samples of one case tell little more than one does."""
    return len({prediction.case for prediction in predictions})


def _threshold(ranking: Ranking, place: NDArray[np.intp], achieved: Floats, support: int, what: str) -> Threshold:
    if support < FEWEST:
        return Threshold(value=None, note=f"too few: {support} cases {what}, {FEWEST} are needed")
    if not len(place):
        return Threshold(value=None, note="not reached at any threshold")
    return Threshold(value=float(ranking.thresholds[place[0]]), achieved=float(achieved[place[0]]))
