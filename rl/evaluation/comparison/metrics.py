"""Metrics: every figure of all models, side by side."""

from collections.abc import Mapping

from rl.evaluation.comparison.comparison import MetricRow
from rl.evaluation.comparison.models import Models
from rl.evaluation.comparison.words import judged
from rl.evaluation.metrics import HEADLINE, LOWER_IS_BETTER, METRICS, TITLES
from rl.evaluation.statistics import Difference, Figure
from rl.evaluation.statistics.estimate import Estimate


def all_figures(models: Models) -> dict[str, Figure]:
    """Every figure that applies to these models, from the same resamples."""
    sheets = [sheet for metric in METRICS.values() if (sheet := models.sheet(metric)) is not None]
    counted = {name: figure for found in models.figures(sheets) for name, figure in found.items()}
    return counted | models.ranked_figures() | models.stream_figures()


def metric_rows(models: Models, figures: Mapping[str, Figure], primary: str) -> list[MetricRow]:
    """The figures that tables show, where they apply to some model; the primary first."""
    names = [primary, *(name for name in HEADLINE if name != primary)]
    rows = [_row(name, models, figures[name]) for name in names if name in figures]
    return [row for row in rows if any(row.values)]


def _row(name: str, models: Models, figure: Figure) -> MetricRow:
    estimates: list[Estimate | None] = [
        None if name in notes else figure.estimate(model) for model, notes in enumerate(models.notes)
    ]
    differences: list[Difference | None] = [
        figure.known_difference(place) if estimates[0] and estimate else None
        for place, estimate in enumerate(estimates[1:])
    ]
    several = len(differences) > 1 and None not in differences
    return MetricRow(
        name=name,
        title=TITLES[name],
        lower_is_better=name in LOWER_IS_BETTER,
        values=estimates,
        differences=differences,
        judgements=[judged(difference, name) for difference in differences],
        simultaneous=figure.simultaneous() if several else [],
    )
