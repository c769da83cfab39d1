"""Table: models side by side in the terminal, with intervals, and how far the last one is from the first."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from rl.evaluation.bootstrap import Estimate
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.metrics import LOWER_IS_BETTER, TITLES


def compare_table(evaluations: Sequence[Evaluation]) -> Table:
    """One split, baseline first. The last column is the last model less the first, with its paired interval.

    Raises:
        DataError: the models were not evaluated on the same cases.
    """
    first, last = evaluations[0], evaluations[-1]
    differences = last.difference(first) if last is not first else {}
    table = Table(title=Text(f"{first.split}: {len(first.predictions):,} predictions"), title_justify="left")
    table.add_column("with 95 % interval")
    for evaluation in evaluations:
        table.add_column(Text(evaluation.name), justify="right")
    if differences:
        table.add_column(Text(f"{last.name} − {first.name}"), justify="right")
    table.add_column("of", justify="right")
    for name, title in TITLES.items():
        found = [evaluation.metrics.get(name) for evaluation in evaluations]
        support = [estimate.support for estimate in found if estimate is not None]
        if support:
            row = [Text(title), *map(_figure, found)]
            if differences:
                row.append(_difference(name, differences.get(name)))
            table.add_row(*row, Text(f"{max(support):,}", style="dim"))
    return table


def rule_table(evaluations: Sequence[Evaluation]) -> Table | None:
    """F1 of each rule with its support, where every case breaks one rule at most; None elsewhere."""
    first = evaluations[0]
    if not first.rules:
        return None
    table = Table(title=Text(f"{first.split}: F1 by rule"), title_justify="left")
    table.add_column("with 95 % interval")
    for evaluation in evaluations:
        table.add_column(Text(evaluation.name), justify="right")
    table.add_column("of", justify="right")
    for rule, estimate in sorted(first.rules.items(), key=lambda item: -item[1].support):
        found = [_figure(evaluation.rules.get(rule)) for evaluation in evaluations]
        table.add_row(Text(rule), *found, Text(f"{estimate.support:,}", style="dim"))
    return table


def _figure(estimate: Estimate | None) -> Text:
    if estimate is None:
        return Text("–", style="dim")
    return Text(f"{_short(estimate.value)} ").append(f"[{_short(estimate.low)}, {_short(estimate.high)}]", style="dim")


def _difference(name: str, estimate: Estimate | None) -> Text:
    if estimate is None:
        return Text("–", style="dim")
    better = (estimate.value > 0) != (name in LOWER_IS_BETTER)
    style = ("green" if better else "red") if estimate.excludes_zero and name != "coverage" else ""
    interval = f" [{_short(estimate.low, '+')}, {_short(estimate.high, '+')}]"
    return Text(_short(estimate.value, "+"), style=style).append(interval, style="dim")


def _short(value: float, sign: str = "") -> str:
    """``0.834`` → ``.834``; ``-0.02`` → ``−.020``."""
    return f"{value:{sign}.3f}".replace("0.", ".", 1).replace("-", "−")
