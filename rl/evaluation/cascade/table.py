"""Table: a cascade and its curve in the terminal."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from rl.evaluation.cascade.cascade import Cascade
from rl.evaluation.cascade.curve import Point
from rl.evaluation.table import plain


def cascade_lines(cascade: Cascade) -> Text:
    """What was chosen and what is promised."""
    below = cascade.approve_below
    alone = (
        "no case is approved without a review"
        if below is None
        else f"approved without a review up to risk {below:.4f}"
    )
    return Text(
        f"{alone}; reviewed with reasoning {cascade.reviewed:.3f} of the cases of '{cascade.source}'\n"
        f"miss rate {cascade.missed:.3f} there, {cascade.violating:,} such cases in {cascade.clusters:,} clusters\n"
        f"promised at most {cascade.miss_rate:g}, kept on {100 * cascade.confidence:.10g}% of such sets of cases"
    )


def curve_table(points: Sequence[Point], title: str) -> Table:
    """The curve, the least review last."""
    table = Table(title=plain(title), title_justify="left")
    for column in ("approved up to risk", "reviewed with reasoning", "miss rate", "tokens a case"):
        table.add_column(column, justify="right")
    for point in points:
        below = "–" if point.approve_below is None else f"{point.approve_below:.4f}"
        tokens = "–" if point.tokens is None else f"{point.tokens:,.1f}"
        table.add_row(below, f"{point.reviewed:.3f}", f"{point.missed:.3f}", tokens)
    return table
