"""Table: the figures of alarms in the terminal."""

from collections.abc import Callable
from math import isinf, isnan

from rich.table import Table
from rich.text import Text

from rl.evaluation.live.figures import LiveFigures
from rl.evaluation.metrics import OF_STREAMS, SHARES, TITLES
from rl.evaluation.statistics import Estimate
from rl.evaluation.table import plain
from rl.terminal.quantities import share


def alarms_table(name: str, figures: LiveFigures) -> Table:
    """Every figure with its interval."""
    counted = f"{figures.streams:,} streams, {figures.hours:.2f} h, {figures.events:,} events"
    table = Table(title=plain(f"{name}: {counted}, {figures.alarms:,} alarms"), title_justify="left")
    table.add_column("with 95 % interval")
    table.add_column("", justify="right")
    for figure in OF_STREAMS:
        table.add_row(TITLES[figure], _shown(figures.figures.get(figure), share if figure in SHARES else _plain))
    table.add_row("windows without a ruling", Text("–" if isnan(figures.unread) else share(figures.unread)))
    return table


def _plain(value: float) -> str:
    return "∞" if isinf(value) else f"{value:.1f}"


def _shown(estimate: Estimate | None, form: Callable[[float], str]) -> Text:
    if estimate is None:
        return Text("–")
    return Text(form(estimate.value)).append(f"  {form(estimate.low)} to {form(estimate.high)}", style="dim")
