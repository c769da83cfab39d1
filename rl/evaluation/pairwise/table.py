"""Table: a reward model's figures in the terminal."""

from collections.abc import Callable, Mapping

from rich.table import Table
from rich.text import Text

from rl.evaluation.pairwise.evaluate import PairEvaluation
from rl.evaluation.pairwise.figures import PairFigures
from rl.evaluation.statistics import Estimate
from rl.evaluation.table import plain, shown

ROWS: Mapping[str, Callable[[PairFigures], Estimate | None]] = {
    "better ruling preferred": lambda figures: figures.accuracy,
    "where it is the longer one": lambda figures: figures.better_is_longer,
    "where it is the shorter one": lambda figures: figures.better_is_shorter,
    "where both are as long": lambda figures: figures.same_length,
    "by length alone: the longer one": lambda figures: figures.length_alone,
}
"""What is shown of all pairs, by its title."""


def pairs_table(evaluation: PairEvaluation) -> Table:
    """Every figure with its interval, and those of each category."""
    figures = evaluation.figures
    table = Table(title=plain(f"{evaluation.name}: {figures.pairs:,} pairs of rulings"), title_justify="left")
    table.add_column("with 95 % interval")
    table.add_column("accuracy", justify="right")
    table.add_column("of", justify="right")
    for title, read in ROWS.items():
        _add(table, title, read(figures))
    for category, estimate in figures.by_category.items():
        _add(table, f"category {category}", estimate)
    return table


def pairs_notes(evaluation: PairEvaluation) -> Text:
    """What is no share: calibration, ties, and what could not be scored."""
    figures = evaluation.figures
    found = [f"log loss {figures.log_loss:.3f} (without an opinion .693), ECE {figures.reliability.ece:.3f}"]
    found += [f"{count:,} {what}" for count, what in ((figures.ties, "ties, which count as wrong"),
                                                     (figures.unscored, "could not be scored")) if count]  # fmt: skip
    return Text("; ".join(found), style="dim")


def _add(table: Table, title: str, estimate: Estimate | None) -> None:
    if estimate is not None:
        table.add_row(plain(title), shown(estimate), Text(f"{estimate.support:,}", style="dim"))
