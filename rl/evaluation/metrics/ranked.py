"""Ranked: a metric that needs all cases in order, and so is no formula on summed counts.

It works on weights of cases instead: 1 each, or how often a resample drew each. Like `Counted`, a class is an ordinary
`evaluate` metric, alone in its file.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import datasets
import evaluate
import numpy as np
from numpy.typing import NDArray

from rl.evaluation.metrics import counted
from rl.evaluation.metrics.flagged import risk_columns
from rl.evaluation.predictions import Prediction
from rl.evaluation.ranking.ranking import Floats, Ranking


class Ranked(evaluate.Metric, ABC):
    """A metric on cases in the order of a score; one figure, called like the metric."""

    figure: ClassVar[str]
    """The metric's own name."""
    takes: ClassVar[dict[str, Any]] = {
        "predictions": datasets.Value("float64"),
        "references": datasets.Value("string"),
    }

    def columns(self, predictions: Sequence[Prediction]) -> dict[str, list[Any]]:
        """The metric's columns, read off predictions."""
        return risk_columns(predictions)

    @abstractmethod
    def kept(self, references: Sequence[str | None]) -> NDArray[np.int64]:
        """The rows that are ranked; the others have no part."""

    @abstractmethod
    def ranking(self, **columns: Any) -> Ranking:
        """The ranking of rows that are all kept."""

    def rests_on(self, ranking: Ranking) -> float | None:
        """On how many cases the figure rests, where that is fewer than are ranked."""
        return None

    @abstractmethod
    def value(self, ranking: Ranking, weights: Floats | None = None) -> Floats:
        """The figure ``(...)`` under weights ``(..., N)``; nan where there is nothing to rank."""

    def applies(self, predictions: Sequence[Prediction]) -> bool:
        """Whether the metric makes sense on this set of cases."""
        return any(prediction.risk is not None for prediction in predictions)

    def of(self, predictions: Sequence[Prediction]) -> tuple[Ranking, NDArray[np.int64]]:
        """The ranking of predictions, and the places of those that are in it."""
        return self._ranked(self.columns(predictions))

    def _ranked(self, columns: dict[str, list[Any]]) -> tuple[Ranking, NDArray[np.int64]]:
        rows = self.kept(columns["references"])
        return self.ranking(**{name: [column[row] for row in rows] for name, column in columns.items()}), rows

    def _info(self) -> evaluate.MetricInfo:
        return counted.info_of(type(self), self.takes)

    def _compute(self, **columns: Any) -> dict[str, float | int]:
        ranking, rows = self._ranked(columns)
        return {self.figure: float(self.value(ranking)), "support": len(rows)}
