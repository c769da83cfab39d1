"""Files: an evaluation on disk.

Predictions stand in ``predictions.parquet`` (those on variants in ``variants.parquet``), where they come from in
``run.json``, and every figure in ``metrics.json`` and, one a row, in ``metrics.parquet``. Predictions and settings are
read back; figures are worked out from them again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from data import VERDICTS, DataError
from data.errors import explain
from data.files import read_json, whole_file, write_json
from rl.evaluation.by_rule import FEW
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.metrics import TITLES
from rl.evaluation.outcomes import PREDICTED
from rl.evaluation.predictions import load_predictions, save_predictions
from rl.evaluation.ranking.curves import reliability
from rl.evaluation.settings import DEFAULT, Settings
from rl.evaluation.statistics.estimate import Estimate
from rl.runs.folder import RUN
from rl.runs.provenance import write_run

PREDICTIONS, VARIANTS, FIGURES = "predictions.parquet", "variants.parquet", "metrics.parquet"
METRICS_FILE = "metrics.json"
SLICED = ("verdict_accuracy", "miss_rate", "false_flag_rate")
"""What is given for each slice."""


class _Kept(BaseModel):
    """What is read back of ``metrics.json``."""

    model_config = ConfigDict(extra="ignore")

    name: str
    split: str
    predictions: int | None = None
    variants: int | None = None
    """None where it was written before they were counted, as for predictions."""
    settings: Settings = DEFAULT


def save_evaluation(evaluation: Evaluation, folder: str | Path) -> None:
    """Writes predictions, provenance and every figure."""
    folder = Path(folder)
    save_predictions(evaluation.predictions, folder / PREDICTIONS)
    if evaluation.variants:
        save_predictions(evaluation.variants, folder / VARIANTS)
    else:  # those of an earlier evaluation would be read back as this one's
        (folder / VARIANTS).unlink(missing_ok=True)
    found = summary(evaluation)
    _save_rows(figure_rows(found), folder / FIGURES)
    write_run(folder, evaluation.provenance)
    write_json(folder / METRICS_FILE, found)


def load_evaluation(folder: str | Path) -> Evaluation:
    """Reads what `save_evaluation` wrote.

    Raises:
        DataError: a file is missing or is not what it should be.
    """
    folder = Path(folder)
    for name in (PREDICTIONS, METRICS_FILE, RUN):
        if not (folder / name).is_file():
            raise DataError(f"'{name}' is missing: not an evaluation", file=folder)
    file = folder / METRICS_FILE
    try:
        found = _Kept.model_validate(read_json(file))
    except ValidationError as error:
        field, message = explain(error, _Kept)
        raise DataError(message, file=file, field=field) from error
    predictions = load_predictions(folder / PREDICTIONS)
    variants = load_predictions(folder / VARIANTS) if (folder / VARIANTS).exists() else []
    for name, loaded, counted in ((PREDICTIONS, predictions, found.predictions), (VARIANTS, variants, found.variants)):
        if counted is not None and len(loaded) != counted:
            message = f"{name} holds {len(loaded):,} predictions, where {METRICS_FILE} counts {counted:,}"
            raise DataError(f"{message}: evaluate again", file=folder)
    return Evaluation(found.name, found.split, predictions, read_json(folder / RUN), found.settings, variants)


def summary(evaluation: Evaluation) -> dict[str, Any]:
    """What ``metrics.json`` holds: every figure; what is no number, or infinite, is null."""
    predictions, settings = evaluation.predictions, evaluation.settings
    golds = {prediction.case: prediction.gold.verdict if prediction.gold else None for prediction in predictions}
    found = {
        "name": evaluation.name,
        "split": evaluation.split,
        "predictions": len(predictions),
        "variants": len(evaluation.variants),
        "cases": len(golds),
        "refused": evaluation.refused,
        "clusters": len({prediction.cluster for prediction in predictions}),
        "without_gold_verdict": sum(gold is None for gold in golds.values()),
        "not_ranked": sum(gold not in ("approve", "reject") for gold in golds.values()),
        "settings": settings.to_json(),
        "cells": {
            gold: dict(zip(PREDICTED, row.tolist(), strict=True))
            for gold, row in zip(VERDICTS, evaluation.cells, strict=True)
        },
        "metrics": _figures(evaluation.metrics),
        "notes": evaluation.notes,
        "described": {"ece": _number(reliability(predictions).ece)},
        "by_rule": {
            rule: {
                **_figure(figure),
                "precision": _figure(figure.precision),
                "recall": _figure(figure.recall),
                "few": figure.support < FEW,
            }
            for rule, figure in evaluation.rules.items()
        },
        "slices": {
            key: {value: _figures(figures) for value, figures in evaluation.slices(key, SLICED).items()}
            for key in settings.by
        },
    }
    if settings.prevalence is not None:
        found["at_prevalence"] = _figures(evaluation.at_prevalence)
    return found


def figure_rows(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The figures of a summary, one a row: ``part`` says of what (``all``, ``rule A-1``, ``severity high``)."""
    rows = []

    def add(part: str, figures: Mapping[str, Mapping[str, Any]]) -> None:
        for name, figure in figures.items():
            known = {key: figure[key] for key in ("value", "low", "high", "support")}
            rows.append({"part": part, "figure": name, "title": TITLES.get(name, name), **known})

    add("all", found["metrics"])
    add(f"prevalence {found['settings']['prevalence']}", found.get("at_prevalence", {}))
    for rule, figure in found["by_rule"].items():
        add(f"rule {rule}", {"f1": figure, "precision": figure["precision"], "recall": figure["recall"]})
    for key, parts in found["slices"].items():
        for value, figures in parts.items():
            add(f"{key} {value}", figures)
    return [{"name": found["name"], "split": found["split"], **row} for row in rows]


def _save_rows(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    text, number = pa.string(), pa.float64()
    types = {"value": number, "low": number, "high": number, "support": pa.int64()}
    names = ("name", "split", "part", "figure", "title", "value", "low", "high", "support")
    schema = pa.schema([(name, types.get(name, text)) for name in names])
    with whole_file(path) as draft:
        pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), draft)


def _figures(figures: Mapping[str, Estimate]) -> dict[str, dict[str, float | int | None]]:
    return {name: _figure(estimate) for name, estimate in figures.items()}


def _figure(estimate: Estimate) -> dict[str, float | int | None]:
    plain = Estimate(estimate.value, estimate.low, estimate.high, estimate.support)
    return {key: _number(value) for key, value in asdict(plain).items()}


def _number(value: float) -> float | None:
    return value if isfinite(value) else None
