"""The page of a reward model: one file that needs no network and runs nothing; see `rl.evaluation.page.report`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from markupsafe import Markup

from data.files import write_whole
from rl.evaluation.page.charts import UNIT, Line, axis, plot, whiskers
from rl.evaluation.page.figures import Plot, Row, Table
from rl.evaluation.page.report import HERE, environment, facts_of, percent, source_hash
from rl.evaluation.pairwise.evaluate import PairEvaluation
from rl.evaluation.pairwise.figures import PairFigures
from rl.evaluation.pairwise.table import ROWS
from rl.evaluation.statistics import Estimate

FEW = 20
"""Pairs of a category below which its figure is marked."""


def write_pairs_page(path: str | Path, evaluation: PairEvaluation) -> Path:
    """Writes the page."""
    figures = evaluation.figures
    sentence, details = headline(evaluation)
    every = {title: estimate for title, read in ROWS.items() if (estimate := read(figures)) is not None}
    tables = [_table("Pairs", every, "with 95 % intervals; pairs of one group of cases hang together")]
    if figures.by_category:
        tables.append(_table("Categories", figures.by_category, "by the gravest rule that gold has broken"))
    style = (HERE / "report.css").read_text(encoding="utf-8")
    page = (
        environment()
        .get_template("pairs.html.j2")
        .render(
            sentence=sentence,
            details=details,
            name=evaluation.name,
            tables=tables,
            plot=_calibration(figures),
            provenance=facts_of(evaluation.provenance),
            written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            style=Markup(style),
            style_hash=source_hash(style),
        )
    )
    return write_whole(path, page)


def headline(evaluation: PairEvaluation) -> tuple[str, str]:
    """What the model gets right in one sentence, and the figures behind it."""
    figures = evaluation.figures
    if figures.accuracy is None:
        return f"{evaluation.name} could not be asked about any of the pairs.", ""
    told = figures.accuracy
    left_out = f" {figures.unscored:,} more could not be put to it." if figures.unscored else ""
    return (
        f"{evaluation.name} prefers the better of two rulings in {percent(told.value)} of pairs.",
        f"95 % interval {percent(told.low)} to {percent(told.high)}, on {told.support:,} pairs of rulings on "
        f"{figures.cases:,} cases.{left_out}",
    )


def _table(title: str, estimates: Mapping[str, Estimate], remark: str) -> Table:
    rows = [
        Row(name, [found], found.support, True, whiskers([found], UNIT), few=found.support < FEW)
        for name, found in estimates.items()
    ]
    return Table(title, rows, axis(UNIT), None, remark)


def _calibration(figures: PairFigures) -> Plot | None:
    found = figures.reliability
    if not found.stated:
        return None
    chart = plot([Line(0, found.stated, found.observed, found.low, found.high)], "sure", "right", diagonal=True)
    return Plot("Calibration", chart, [f"ECE {found.ece:.3f}, log loss {figures.log_loss:.3f}"])
