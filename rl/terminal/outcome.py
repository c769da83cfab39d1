"""Outcome: what a training run came to, as the small table that it ends with."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from rl.terminal.quantities import size, spent
from rl.terminal.safe_text import visible
from rl.terminal.snapshot import FIGURES, Figure, Snapshot

PARTS = 10
"""The figures of the first and of the last step of so many are averaged."""


def outcome(name: str, snapshots: Sequence[Snapshot], model: Path) -> RenderableType:
    """The table of a run that has come to its end; to be printed with soft wrapping, so that paths stay whole.

    Args:
        name: what the run is called.
        snapshots: the first from before the first step; none where there was nothing left to train.
        model: where the trained model is.
    """
    where = Text(visible(f"trained: {model}"))
    if len(snapshots) < 2:
        return where
    start, *steps = snapshots
    count, part = steps[-1].step - start.step, max(1, len(steps) // PARTS)
    first, last = (f"{which} {part} steps" if part > 1 else f"{which} step" for which in ("first", "last"))
    title = Text(visible(f"{name}: {count:,} steps in {spent(steps[-1].seconds)}"), style="bold")
    table = Table(Column("", min_width=17), *(Column(head, justify="right") for head in (first, last)))
    table.title, table.title_justify = title, "left"
    for figure in FIGURES:
        values = (_mean(figure, steps[:part]), _mean(figure, steps[-part:]))
        if any(value is not None for value in values):
            table.add_row(figure.name, *("–" if value is None else figure.text(value) for value in values))
    return Group(table, Text(", ".join(_costs(start, steps))), where) if table.rows else Group(title, where)


def _mean(figure: Figure, steps: Sequence[Snapshot]) -> float | None:
    values = [value for value in map(figure.of, steps) if value is not None]
    return sum(values) / len(values) if values else None


def _costs(start: Snapshot, steps: Sequence[Snapshot]) -> list[str]:
    costs, newest = [], steps[-1]
    if newest.tokens is not None and newest.seconds:
        costs.append(f"{(newest.tokens - (start.tokens or 0)) / newest.seconds:,.0f} tokens/s")
    if known := [snapshot.memory for snapshot in (start, *steps) if snapshot.memory is not None]:
        costs.append(f"at most {size(max(known))} of {newest.place}")
    return costs
