"""Figures: what stands above the cases, split by split, as the template prints it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan

from markupsafe import Markup

from data import VERDICTS, Briefs
from rl.evaluation.cascade.apply import Applied
from rl.evaluation.comparison import Comparison
from rl.evaluation.comparison.comparison import MetricRow
from rl.evaluation.evaluation import Evaluation, spent_by
from rl.evaluation.metrics import HEADLINE, LOWER_IS_BETTER, SHARES, TITLES
from rl.evaluation.outcomes import PREDICTED, outcome
from rl.evaluation.page.charts import UNIT, Line, Scale, around_zero, axis, plot, whiskers
from rl.evaluation.page.confusion import Confusion, category_confusion
from rl.evaluation.ranking.curves import precision_recall, reliability, risk_coverage
from rl.evaluation.statistics.estimate import Estimate

TILES = (
    "verdict_accuracy", "miss_rate", "false_flag_rate", "rule_f1", "flip_recall", "events_detected",
    "time_to_detection", "false_alarms_per_hour",
)  # fmt: skip
KINDS = ("severity", "category")
"""What a comparison slices by itself."""
SHADES = 6
"""Steps from white to full in tables of shares."""


@dataclass(frozen=True)
class Row:
    """One figure of all models."""

    title: str
    values: Sequence[Estimate | None]
    support: int
    share: bool
    """Whether the figure is a share, to be printed in hundredths."""
    chart: Markup | None
    """None where the figure is no share."""
    differences: Sequence[Estimate | None] = ()
    """One per challenger: less the baseline."""
    judgements: Sequence[str] = ()
    difference_chart: Markup | None = None
    notes: Sequence[str] = ()
    few: bool = False


@dataclass(frozen=True)
class Table:
    """Rows on common scales."""

    title: str
    rows: Sequence[Row]
    axis: Markup
    difference_axis: Markup | None
    """None where nothing is compared."""
    remark: str = ""


@dataclass(frozen=True)
class Plot:
    """A picture of curves with what sums each of them up."""

    title: str
    chart: Markup
    captions: Sequence[str]
    """One per model."""


@dataclass(frozen=True)
class Section:
    """One split: all models side by side."""

    split: str
    models: Sequence[str]
    cases: int
    clusters: int
    comparison: Comparison | None
    tiles: Sequence[Row]
    metrics: Table
    tables: Sequence[Table]
    """Rules, then slices."""
    plots: Sequence[Plot]
    shown: Mapping[str, str]
    """By model, which rules cases were shown, where they did not name them."""
    spent: Mapping[str, str]
    """By model, what a case took, where one of them had tools."""
    notes: Mapping[str, str]
    """Figures that cannot be given, by title, and why."""
    cells: Sequence[list[list[tuple[int, float, str]]]]
    """Per model, gold by predicted: the count, its share of the gold verdict, and the outcome."""
    confusions: Sequence[Confusion]
    """Per model; empty where rules have no categories."""


def section(models: Sequence[Evaluation], comparison: Comparison | None, briefs: Briefs) -> Section:
    """Everything to be said of one split.

    Args:
        models: baseline first.
        comparison: of these models; None for a single one.
        briefs: of the split.
    """
    first = models[0]
    found = comparison.metrics if comparison else _uncompared(models)
    scale = around_zero([d for row in found if row.name in SHARES for d in row.differences])
    rows = {row.name: _row(row, scale) for row in found if any(row.values)}
    categories = {brief.id: {rule.id: rule.category for rule in brief.excerpt.rules} for brief in briefs}
    confusions = [category_confusion(model.predictions, categories) for model in models]
    return Section(
        split=first.split,
        models=[model.name for model in models],
        cases=len({p.case for p in first.predictions}),
        clusters=len({p.cluster for p in first.predictions}),
        comparison=comparison,
        tiles=[rows[name] for name in TILES if name in rows],
        metrics=_table("", list(rows.values()), scale if comparison else None),
        tables=[table for table in (_rules(models, comparison), *_slices(models, comparison)) if table.rows],
        plots=_plots(models),
        shown={model.name: model.shown for model in models if model.shown is not None},
        spent=spent_by(models),
        notes={TITLES[name]: note for model in models for name, note in model.notes.items()},
        cells=[_cells(model) for model in models] if first.cells.sum() else [],
        confusions=[found for found in confusions if found is not None],
    )


def shade(share: float) -> int:
    """How dark a cell is: 0 for nothing at all, then 1 to `SHADES`."""
    return 0 if share <= 0 else min(SHADES, 1 + int(SHADES * share))


def _table(title: str, rows: Sequence[Row], scale: Scale | None = None, remark: str = "") -> Table:
    return Table(title, rows, axis(UNIT), axis(scale) if scale else None, remark)


def _uncompared(models: Sequence[Evaluation]) -> list[MetricRow]:
    return [
        MetricRow(name, TITLES[name], name in LOWER_IS_BETTER, [m.metrics.get(name) for m in models], [], [], [])
        for name in HEADLINE
    ]


def _row(row: MetricRow, scale: Scale) -> Row:
    share = row.name in SHARES
    return Row(
        title=row.title,
        values=row.values,
        support=_support(row.values),
        share=share,
        chart=whiskers(row.values, UNIT) if share else None,
        differences=row.differences,
        judgements=row.judgements,
        difference_chart=whiskers(row.differences, scale, first=1) if share and row.differences else None,
    )


def _rules(models: Sequence[Evaluation], comparison: Comparison | None) -> Table:
    """The forest: F1 of each rule, the most broken first; dots as large as the support."""
    title, remark = "Rules", "F1 by rule; dots grow with support; † fewer than 20 in gold: read with care"
    if comparison is None:
        found = models[0].rules
        most = max((value.support for value in found.values()), default=1)
        rows = [
            Row(
                title=rule,
                values=[value],
                support=value.support,
                share=True,
                chart=whiskers([value], UNIT, weight=value.support / most),
                notes=[f"precision {_hundredths(value.precision)}, recall {_hundredths(value.recall)}"],
                few=value.few,
            )
            for rule, value in found.items()
        ]
        return _table(title, rows, remark=remark)
    scale = around_zero([d for row in comparison.rules for d in row.f1_difference])
    most = max((row.support for row in comparison.rules), default=1) or 1
    rows = [
        Row(
            title=row.rule,
            values=row.f1,
            support=row.support,
            share=True,
            chart=whiskers(row.f1, UNIT, weight=row.support / most),
            differences=row.f1_difference,
            judgements=[_judged(d) for d in row.f1_difference],
            difference_chart=whiskers(row.f1_difference, scale, first=1, weight=row.support / most),
            notes=[" · ".join(filter(None, (row.title, row.severity, row.category)))],
            few=row.few,
        )
        for row in comparison.rules
    ]
    return _table(title, rows, scale, remark)


def _slices(models: Sequence[Evaluation], comparison: Comparison | None) -> list[Table]:
    """Verdict accuracy apart by severity and category, and by what the evaluation was asked to slice by."""
    tables = []
    for kind in KINDS if comparison else ():
        assert comparison is not None
        found = [row for row in comparison.slices if row.kind == kind]
        scale = around_zero([d for row in found for d in row.differences])
        rows = [
            Row(
                title=row.value,
                values=row.accuracy,
                support=row.cases,
                share=True,
                chart=whiskers(row.accuracy, UNIT),
                differences=row.differences,
                judgements=row.judgements,
                difference_chart=whiskers(row.differences, scale, first=1),
            )
            for row in found
        ]
        tables.append(_table(f"Verdicts by {kind}", rows, scale, f"of cases that break a rule of that {kind}"))
    asked = dict.fromkeys((*KINDS, *models[0].settings.by))
    for key in [key for key in asked if key not in KINDS or not comparison]:
        parts = [model.slices(key) for model in models]
        values = [(part, [of.get(part, {}).get("verdict_accuracy") for of in parts]) for part in parts[0]]
        rows = [Row(part, found, _support(found), True, whiskers(found, UNIT)) for part, found in values if any(found)]
        tables.append(_table(f"Verdicts by {key.removeprefix('meta.')}", rows))
    return tables


def _plots(models: Sequence[Evaluation]) -> list[Plot]:
    predictions = [model.predictions for model in models]
    calibration = [reliability(found) for found in predictions]
    ranking = [precision_recall(found) for found in predictions]
    selection = [risk_coverage(found) for found in predictions]
    plots = []
    if any(found.stated for found in calibration):
        lines = [Line(i, c.stated, c.observed, c.low, c.high) for i, c in enumerate(calibration)]
        chart = plot(lines, "stated risk, %", "gold rejects, %", diagonal=True)
        plots.append(Plot("Reliability", chart, [f"ECE {c.ece:.3f}" for c in calibration]))
    if any(found.recall and not isnan(found.average_precision) for found in ranking):
        lines = [Line(i, r.recall, r.precision, steps=True) for i, r in enumerate(ranking)]
        chart = plot(lines, "recall, %", "precision, %")
        plots.append(Plot("Precision and recall", chart, [f"AUPRC {r.average_precision:.3f}" for r in ranking]))
    if any(found.coverage for found in selection):
        lines = [Line(i, s.coverage, s.risk, steps=True) for i, s in enumerate(selection)]
        # Unparsed completions come first and all are wrong: what stands at next to no coverage sets no scale.
        told = [risk for s in selection for at, risk in zip(s.coverage, s.risk, strict=True) if at >= 0.05]
        top = max(told, default=1.0) or 0.01
        chart = plot(lines, "decided, % of cases", "wrong, % of decided", top=top)
        plots.append(Plot("Risk and coverage", chart, [f"AURC {s.area:.3f}" for s in selection]))
    return plots + _cascades(models)


def _cascades(models: Sequence[Evaluation]) -> list[Plot]:
    """What cascades miss and cost at every threshold; a dot with its interval is what was measured at the chosen."""
    found = [(i, model, done) for i, model in enumerate(models) if (done := Applied.read(model.provenance))]
    missing, cost = [], []
    for i, model, done in found:
        shares, whole = [point.reviewed for point in done.curve], max((p.tokens or 0 for p in done.curve), default=0)
        missing.append(Line(i, shares, [point.missed for point in done.curve]))
        missing += _dot(i, done.share, model.metrics.get("miss_rate"))
        if whole:  # where tokens are not known, cost is not
            cost.append(Line(i, shares, [(point.tokens or 0) / whole for point in done.curve]))
            cost += _dot(i, done.share, model.metrics.get("tokens_per_review"), whole)
    captions = ["no cascade"] * len(models)
    for i, _, done in found:
        promise = f"at most {100 * done.promised:g} % missed"
        captions[i] = f"{100 * done.share:.1f} % reviewed, {promise}; curve of {done.curve_of}"
    kinds = (("Cascade: misses", missing, "missed, %"), ("Cascade: cost", cost, "tokens, % of the most"))
    return [
        Plot(title, plot(lines, "reviewed with reasoning, % of cases", up, top=_highest(lines)), captions)
        for title, lines, up in kinds
        if lines
    ]


def _highest(lines: Sequence[Line]) -> float:
    return max((y for line in lines for y in (*line.y, *line.high)), default=0.0) or 0.01


def _dot(model: int, at: float, found: Estimate | None, whole: float = 1.0) -> list[Line]:
    """One figure with its interval, as a share of the whole; nothing where it is not known."""
    if found is None:
        return []
    low, value, high = (end / whole for end in (found.low, found.value, found.high))
    return [Line(model, [at], [value], [low], [high])]


def _cells(model: Evaluation) -> list[list[tuple[int, float, str]]]:
    return [
        [
            (int(count), float(count) / max(1, row.sum()), (outcome(predicted, gold) or "").replace(" ", "-"))
            for predicted, count in zip(PREDICTED, row, strict=True)
        ]
        for gold, row in zip(VERDICTS, model.cells, strict=True)
    ]


def _hundredths(estimate: Estimate) -> str:
    return "–" if isnan(estimate.value) else f"{100 * estimate.value:.1f}"


def _support(values: Sequence[Estimate | None]) -> int:
    return max((value.support for value in values if value is not None), default=0)


def _judged(difference: Estimate | None) -> str:
    if difference is None or not difference.excludes_zero:
        return "unclear"
    return "better" if difference.value > 0 else "worse"
