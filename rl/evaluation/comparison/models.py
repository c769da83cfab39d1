"""Models: several models' predictions on the same cases, row by row, and the figures that compare them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data import DataError
from rl.evaluation.evaluation import Evaluation, aligned, check_same_gold
from rl.evaluation.measure import rows_of, stream_figures
from rl.evaluation.metrics import METRICS, RANKED, Entry
from rl.evaluation.outcomes import outcome_of, verdict_columns
from rl.evaluation.predictions import Prediction
from rl.evaluation.ranking.figures import ranked_figures
from rl.evaluation.settings import Settings
from rl.evaluation.statistics import Figure, Sheet, figures

if TYPE_CHECKING:
    from rl.evaluation.metrics.counted import Counted


@dataclass(frozen=True)
class Models:
    """Baseline first; row ``i`` is the same case and sample in every model."""

    names: list[str]
    rows: list[list[Prediction]]
    settings: list[Settings]
    notes: list[dict[str, str]]
    """Per model: why figures that depend on thresholds are not given, by name."""
    clusters: NDArray[np.int64]
    """The cluster of each row, as a number from 0."""
    case_of: NDArray[np.int64]
    """The case of each row, likewise."""
    resamples: int
    seed: int

    @classmethod
    def of(cls, evaluations: Sequence[Evaluation], resamples: int, seed: int) -> "Models":
        """Brings the evaluations into one order.

        Raises:
            DataError: two models have one name, or they were not made on the same cases with the same gold; lists the
                cases that differ.
        """
        names = [evaluation.name for evaluation in evaluations]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise DataError(f"two models are called '{twice}': evaluate them under different names (--name)")
        rows = aligned(evaluations)
        for name, theirs in zip(names[1:], rows[1:], strict=True):
            check_same_gold(names[0], rows[0], name, theirs)
        clusters, cases = rows_of(rows[0])
        settings, notes = [e.settings for e in evaluations], [e.notes for e in evaluations]
        if any(theirs.prices != settings[0].prices for theirs in settings):
            raise DataError("the models were priced differently: evaluate them with the same prices")
        if rows[0][0].seen is not None and len({theirs.agree for theirs in settings}) > 1:
            raise DataError("alarms were raised differently: evaluate the models with the same --agree")
        return cls(names, rows, settings, notes, clusters, cases, resamples, seed)

    @property
    def gold(self) -> list[Prediction]:
        """Any model's rows, for what is the same in all of them."""
        return self.rows[0]

    @property
    def challengers(self) -> list[str]:
        return self.names[1:]

    @cached_property
    def cases(self) -> int:
        return len({row.case for row in self.gold})

    @cached_property
    def clustered(self) -> bool:
        """Whether a cluster holds more than one row."""
        return bool(self.clusters.max() + 1 < len(self.clusters))

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """``(models, rows)``: whether a verdict is right; False where gold has none."""
        return np.array([[outcome_of(row) == "right" for row in rows] for rows in self.rows])

    @cached_property
    def judged(self) -> NDArray[np.bool_]:
        """``(rows,)``: whether gold has a verdict."""
        return np.array([row.gold is not None and row.gold.verdict is not None for row in self.gold])

    def where(self, kept: NDArray[np.bool_]) -> "Models":
        """The same models on some of the rows."""
        places = np.flatnonzero(kept).tolist()
        rows = [[model[place] for place in places] for model in self.rows]
        clusters, cases = rows_of(rows[0])
        return replace(self, rows=rows, clusters=clusters, case_of=cases)

    def sheet(self, entry: "Entry[Counted]") -> Sheet | None:
        """A metric's counts in every model; None where it does not apply to them."""
        metric = entry.load()
        if not all(metric.applies(rows) for rows in self.rows):
            return None
        columns = self._verdicts if metric.of_verdicts else [metric.columns(rows) for rows in self.rows]
        counts = [
            metric.counts(**model, **metric.options(settings))
            for model, settings in zip(columns, self.settings, strict=True)
        ]
        return metric.sheet(counts, self.settings[0])

    @cached_property
    def _verdicts(self) -> list[dict[str, list[Any]]]:
        return [verdict_columns(rows) for rows in self.rows]

    def figures(self, sheets: Sequence[Sheet]) -> list[dict[str, Figure]]:
        """The figures of sheets on all rows, from the same resamples."""
        return figures(sheets, self.clusters, self.resamples, self.seed, self.case_of)

    def ranked_figures(self, names: Sequence[str] = tuple(RANKED)) -> dict[str, Figure]:
        """The figures that need all cases in order, as far as they apply to all of these models."""
        rows = (self.rows, self.clusters, self.case_of)
        return ranked_figures(*rows, names, resamples=self.resamples, seed=self.seed)

    def stream_figures(self, names: Sequence[str] | None = None) -> dict[str, Figure]:
        """The figures of whole streams, where the rows are their windows."""
        return stream_figures(self.rows, self.settings, names, self.resamples, self.seed)

    def accuracy(self) -> Figure:
        """The verdict accuracy."""
        sheet = self.sheet(METRICS["verdict_accuracy"])
        assert sheet is not None
        found: Mapping[str, Figure] = self.figures([sheet])[0]
        return found["verdict_accuracy"]
