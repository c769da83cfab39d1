"""Metrics: every figure of all models, side by side."""

from collections.abc import Sequence

from rl.evaluation.bootstrap import Estimate
from rl.evaluation.comparison.comparison import MetricRow
from rl.evaluation.comparison.judge import judged
from rl.evaluation.comparison.models import Models
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.measure import ranked_difference
from rl.evaluation.metrics import HEADLINE, LOWER_IS_BETTER, METRICS, RANKED, TITLES
from rl.evaluation.statistics import Difference, Figure


def metric_rows(
    models: Models, evaluations: Sequence[Evaluation], figures: dict[str, Figure], primary: str
) -> list[MetricRow]:
    """The figures that tables show, where they apply to some model; the primary first."""
    names = [primary, *(name for name in HEADLINE if name != primary)]
    return [
        _row(name, models, [evaluation.metrics.get(name) for evaluation in evaluations], figures.get(name))
        for name in names
        if any(name in evaluation.metrics for evaluation in evaluations)
    ]


def all_figures(models: Models) -> dict[str, Figure]:
    """Every figure that is a formula on counts and applies to these models, from the same resamples."""
    sheets = [sheet for metric in METRICS.values() if (sheet := models.sheet(metric())) is not None]
    return {name: figure for found in models.figures(sheets) for name, figure in found.items()}


def _row(name: str, models: Models, values: list[Estimate | None], figure: Figure | None) -> MetricRow:
    challengers = range(len(models.challengers))
    known = [values[0] is not None and values[place + 1] is not None for place in challengers]
    differences: list[Difference | None] = [None for _ in challengers]
    if figure is not None:
        differences = [figure.known_difference(place) if known[place] else None for place in challengers]
    elif name in RANKED:
        differences = [_ranked(name, models, place) if known[place] else None for place in challengers]
    several = len(challengers) > 1 and None not in differences
    return MetricRow(
        name=name,
        title=TITLES[name],
        lower_is_better=name in LOWER_IS_BETTER,
        values=values,
        differences=differences,
        judgements=[judged(difference, name) for difference in differences],
        simultaneous=figure.simultaneous() if figure is not None and several else [],
    )


def _ranked(name: str, models: Models, challenger: int) -> Difference:
    found = ranked_difference(RANKED[name](), models.rows[challenger + 1], models.rows[0], models.clusters)
    return Difference(found.value, found.low, found.high, found.support)
