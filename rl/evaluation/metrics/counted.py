"""Counted: a metric that is a formula on counts summed over cases.

That is what lets one bootstrap serve every metric: `Counted.counts` gives one row of additive counts per case and
`Counted.values` works on any stack of their sums. The classes are ordinary `evaluate` metrics, one to a file, so each
can be used alone and offline::

    evaluate.load("rl/evaluation/metrics/miss_rate.py").compute(predictions=["approve"], references=["reject"])

A metric imports this module and not its classes: `evaluate.load` takes the first metric class that it finds in a file.
"""

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import datasets
import evaluate
import numpy as np
from numpy.typing import NDArray

from rl.evaluation.outcomes import verdict_columns
from rl.evaluation.predictions import Prediction
from rl.evaluation.settings import DEFAULT, Settings
from rl.evaluation.statistics.figure import SHARE, Bounds, Sheet

Counts = NDArray[np.float64]
TEXT = datasets.Value("string")


class Counted(evaluate.Metric, ABC):
    """A metric that is a formula on counts summed over cases."""

    by_case: ClassVar[bool] = True
    """Whether a row speaks of its own case alone, so that cases can be weighed; not so for pairs."""
    takes: ClassVar[dict[str, Any]] = {"predictions": TEXT, "references": TEXT}
    """The columns that `compute` must be given; what `counts` takes beyond them is optional."""

    def columns(self, predictions: Sequence[Prediction]) -> dict[str, list[Any]]:
        """The metric's columns, read off predictions: verdicts, unless a metric looks elsewhere."""
        return verdict_columns(predictions)

    @property
    def of_verdicts(self) -> bool:
        """Whether it looks at verdicts alone, so that columns read once serve many metrics."""
        return type(self).columns is Counted.columns

    @abstractmethod
    def counts(self, *args: Any, **columns: Any) -> Counts:
        """Additive counts from the metric's columns, ``(N, K)``; the last one is the support.

        A case that the metric does not speak of is all 0.
        """

    @abstractmethod
    def values(self, totals: Counts) -> dict[str, Counts]:
        """The figures ``(...)`` from totals ``(..., K)``; nan where there is nothing to divide by."""

    def applies(self, predictions: Sequence[Prediction]) -> bool:
        """Whether the metric makes sense on this set of cases."""
        return True

    def bounds(self, settings: Settings) -> Bounds:
        """The least and the greatest value of the figures; infinite where there is none."""
        return SHARE

    def rests_on(self, totals: Counts) -> float | None:
        """On how many rows the figures rest, from totals ``(K,)``, where that is fewer than they speak of."""
        return None

    def options(self, settings: Settings) -> dict[str, Any]:
        """What `counts` takes beyond columns: prices, thresholds."""
        return {}

    def of(self, predictions: Sequence[Prediction], settings: Settings = DEFAULT) -> Counts:
        """The counts of predictions, ``(N, K)``."""
        return self.counts(**self.columns(predictions), **self.options(settings))

    def sheet(
        self, counts: Sequence[Counts], settings: Settings = DEFAULT, weights: NDArray[np.float64] | None = None
    ) -> Sheet:
        """What intervals follow from: the counts of one model or several, and what is known of the figures."""
        rests_on = self.rests_on(counts[0].sum(axis=0))
        return Sheet(counts, self.values, self.bounds(settings), weights, rests_on)

    def _info(self) -> evaluate.MetricInfo:
        return info_of(type(self), self.takes)

    def _compute(self, **columns: Any) -> dict[str, float | int]:
        totals = self.counts(**columns).sum(axis=0)
        figures: dict[str, float | int] = {name: float(value) for name, value in self.values(totals).items()}
        return {**figures, "support": round(totals[-1])}


def info_of(metric: type[evaluate.Metric], takes: Mapping[str, Any]) -> evaluate.MetricInfo:
    """What `evaluate` wants to know of a metric; its module says the rest."""
    return evaluate.MetricInfo(
        description=sys.modules[metric.__module__].__doc__ or "",
        citation="",
        inputs_description=f"Columns: {', '.join(takes)}.",
        features=datasets.Features(takes),
    )


def ratio(part: Counts, whole: Counts) -> Counts:
    """``part / whole``; nan where there is nothing to divide by."""
    return np.divide(
        part, whole, out=np.full_like(np.asarray(whole, dtype=float), np.nan), where=np.asarray(whole) > 0
    )
