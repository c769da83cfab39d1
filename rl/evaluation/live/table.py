"""Table: the figures of alarms in the terminal."""

from collections.abc import Callable
from math import isinf, isnan

from rich.table import Table
from rich.text import Text

from rl.evaluation.live.figures import LiveFigures
from rl.evaluation.statistics import Estimate
from rl.evaluation.table import plain
from rl.terminal.quantities import share


def alarms_table(name: str, figures: LiveFigures) -> Table:
    """Every figure with its interval."""
    counted = f"{figures.streams:,} streams, {figures.hours:.2f} h, {figures.events:,} events"
    table = Table(title=plain(f"{name}: {counted}, {figures.alarms:,} alarms"), title_justify="left")
    table.add_column("with 95 % interval")
    table.add_column("", justify="right")
    table.add_row("events detected", _shown(figures.detected, share))
    table.add_row("time to detection, median", _shown(figures.median_delay, _seconds))
    table.add_row("time to detection, nine of ten", _shown(figures.slow_delay, _seconds))
    table.add_row("events recalled at precision .8", _shown(figures.recall_at_precision, share))
    table.add_row("false alarms per hour", _shown(figures.false_alarms_per_hour, "{:.1f}".format))
    table.add_row("violating seconds seen", _shown(figures.seconds_seen, share))
    table.add_row("windows without a ruling", Text("–" if isnan(figures.unread) else share(figures.unread)))
    return table


def _seconds(value: float) -> str:
    return "never" if isinf(value) else f"{value:.1f} s"


def _shown(estimate: Estimate, form: Callable[[float], str]) -> Text:
    if isnan(estimate.value):
        return Text("–")
    text = Text(form(estimate.value))
    if not isnan(estimate.low):
        text.append(f"  {form(estimate.low)} to {form(estimate.high)}", style="dim")
    return text
