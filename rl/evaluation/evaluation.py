"""Evaluation: one model's predictions on one set of cases, and every figure that follows from them."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data import VERDICTS, DataError
from rl.evaluation.bootstrap import Estimate, bootstrap, exact_at_the_edge, paired_difference
from rl.evaluation.metrics import METRICS
from rl.evaluation.metrics.labels import f1_scores, label_counts
from rl.evaluation.metrics.rule_macro_f1 import RuleMacroF1
from rl.evaluation.outcomes import PREDICTED, cells
from rl.evaluation.predictions import Prediction, load_predictions, save_predictions

PREDICTIONS, METRICS_FILE, PROVENANCE = "predictions.parquet", "metrics.json", "run.json"


@dataclass
class Evaluation:
    """What one model did on one set of cases. Intervals are 95 % over clusters, with a fixed seed."""

    name: str
    """What the model is called in tables."""
    split: str
    """What the set of cases is called."""
    predictions: Sequence[Prediction]
    provenance: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.predictions:
            raise DataError(f"there are no cases to evaluate in '{self.split}'")

    @cached_property
    def metrics(self) -> dict[str, Estimate]:
        """Every figure that applies, by name, in the order of tables."""
        return measure(self.predictions)

    @cached_property
    def cells(self) -> NDArray[np.int64]:
        """How often each outcome came up, ``(3, 4)``; see `rl.evaluation.outcomes`."""
        return cells(self.predictions)

    @cached_property
    def rules(self) -> dict[str, Estimate]:
        """F1 of each rule that occurs in gold; the support is how often. Empty where a case may break several."""
        metric = RuleMacroF1()
        if not metric.applies(self.predictions):
            return {}
        columns = metric.columns(self.predictions)
        names = metric.rules(columns["references"])
        counts = label_counts(columns["predictions"], columns["references"], names)

        def f1(totals: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
            scores, _ = f1_scores(totals)
            return {name: scores[..., place] for place, name in enumerate(names)}

        clusters = np.array([prediction.cluster for prediction in self.predictions])
        found = bootstrap(counts, clusters.tolist(), f1, support=0)
        of_rule = {name: np.array([gold == name for gold in columns["references"]]) for name in names}
        return {
            name: exact_at_the_edge(replace(found[name], support=int(cases.sum())), len(set(clusters[cases])))
            for name, cases in of_rule.items()
        }

    def slices(self, key: str) -> dict[str, dict[str, Estimate]]:
        """The figures apart for each value that ``meta[key]`` takes, most frequent first."""
        parts: dict[str, list[Prediction]] = defaultdict(list)
        for prediction in self.predictions:
            if prediction.meta.get(key) is not None:
                parts[str(prediction.meta[key])].append(prediction)
        ordered = sorted(parts.items(), key=lambda part: (-len(part[1]), part[0]))
        return {value: measure(part, ("verdict_accuracy",)) for value, part in ordered}

    def difference(self, baseline: "Evaluation", names: Sequence[str] | None = None) -> dict[str, Estimate]:
        """How much higher each figure is than the baseline's, with paired intervals.

        Args:
            names: the metrics to compare; all if None.

        Raises:
            DataError: the two were not made on the same cases and samples; lists those that differ.
        """
        ours, theirs = _aligned(self, baseline)
        clusters = [prediction.cluster for prediction in ours]
        found: dict[str, Estimate] = {}
        for metric in (METRICS[name]() for name in names or METRICS):
            if metric.applies(ours):
                counts = metric.of(ours)
                support = round(counts[:, -1].sum())
                found |= paired_difference(counts, metric.of(theirs), clusters, metric.values, support=support)
        return _known(found)

    def summary(self) -> dict[str, Any]:
        """What ``metrics.json`` holds."""
        annotated = int(self.cells.sum())
        return {
            "name": self.name,
            "split": self.split,
            "predictions": len(self.predictions),
            "clusters": len({prediction.cluster for prediction in self.predictions}),
            "without_gold_verdict": len(self.predictions) - annotated,
            "cells": {
                gold: dict(zip(PREDICTED, row.tolist(), strict=True))
                for gold, row in zip(VERDICTS, self.cells, strict=True)
            },
            "metrics": {name: asdict(estimate) for name, estimate in self.metrics.items()},
            "by_rule": {rule: asdict(estimate) for rule, estimate in self.rules.items()},
            "by_mechanism": {
                value: {name: asdict(estimate) for name, estimate in figures.items()}
                for value, figures in self.slices("mechanism").items()
            },
        }

    def save(self, folder: str | Path) -> None:
        """Writes ``predictions.parquet``, ``metrics.json`` and ``run.json``."""
        folder = Path(folder)
        save_predictions(self.predictions, folder / PREDICTIONS)
        for name, content in ((METRICS_FILE, self.summary()), (PROVENANCE, self.provenance)):
            text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
            (folder / name).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path) -> "Evaluation":
        """Reads what `save` wrote; the figures are worked out anew from the predictions."""
        folder = Path(folder)
        for name in (PREDICTIONS, METRICS_FILE, PROVENANCE):
            if not (folder / name).is_file():
                raise DataError(f"'{name}' is missing: not an evaluation", file=folder)
        summary, provenance = (json.loads((folder / n).read_text("utf-8")) for n in (METRICS_FILE, PROVENANCE))
        return cls(summary["name"], summary["split"], load_predictions(folder / PREDICTIONS), provenance)


def measure(predictions: Sequence[Prediction], names: Sequence[str] | None = None) -> dict[str, Estimate]:
    """Every figure of the named metrics that applies to these predictions, with intervals over clusters."""
    clusters = [prediction.cluster for prediction in predictions]
    found: dict[str, Estimate] = {}
    for metric in (METRICS[name]() for name in names or METRICS):
        if metric.applies(predictions):
            counts = metric.of(predictions)
            figures = bootstrap(counts, clusters, metric.values, support=round(counts[:, -1].sum()))
            spoken_of = len({cluster for cluster, support in zip(clusters, counts[:, -1], strict=True) if support})
            found |= {figure: exact_at_the_edge(estimate, spoken_of) for figure, estimate in figures.items()}
    return _known(found)


def _known(figures: dict[str, Estimate]) -> dict[str, Estimate]:
    return {name: estimate for name, estimate in figures.items() if not isnan(estimate.value)}


def _aligned(ours: Evaluation, baseline: Evaluation) -> tuple[list[Prediction], list[Prediction]]:
    theirs = {prediction.key: prediction for prediction in baseline.predictions}
    differing = {prediction.key for prediction in ours.predictions} ^ set(theirs)
    if differing:
        named = ", ".join(f"{case}#{sample}" for case, sample in sorted(differing)[:10])
        more = ", …" if len(differing) > 10 else ""
        raise DataError(f"'{ours.name}' and '{baseline.name}' differ in {len(differing)} predictions: {named}{more}")
    return list(ours.predictions), [theirs[prediction.key] for prediction in ours.predictions]
