"""Table: models side by side in the terminal, with intervals, and how far the last one is from the first."""

from collections.abc import Mapping, Sequence
from math import isinf

from rich.table import Table
from rich.text import Text

from rl.evaluation.evaluation import Evaluation
from rl.evaluation.metrics import HEADLINE, LOWER_IS_BETTER, NEUTRAL, TITLES
from rl.evaluation.statistics.estimate import Estimate
from rl.terminal.safe_text import visible


def compare_table(evaluations: Sequence[Evaluation]) -> Table:
    """One split, baseline first. The last column is the last model less the first, with its paired interval.

    Raises:
        DataError: the models were not evaluated on the same cases.
    """
    first, last = evaluations[0], evaluations[-1]
    differences = last.difference(first) if last is not first else {}
    table = _table(f"{first.split}: {_counted(first)}{_refused(evaluations)}", evaluations)
    if differences:
        table.add_column(plain(f"{last.name} − {first.name}"), justify="right")
    table.add_column("of", justify="right")
    for name in HEADLINE:
        found = [evaluation.metrics.get(name) for evaluation in evaluations]
        notes = [evaluation.notes.get(name) for evaluation in evaluations]
        support = [estimate.support for estimate in found if estimate is not None]
        if support or any(notes):
            row = [Text(TITLES[name]), *(shown(*both) for both in zip(found, notes, strict=True))]
            if differences:
                row.append(shown_difference(name, differences.get(name)))
            table.add_row(*row, Text(f"{max(support):,}" if support else "", style="dim"))
    if differences:
        _where_both_parsed(table, evaluations)
    return table


def _refused(evaluations: Sequence[Evaluation]) -> str:
    """How many the servers refused, and whose; nothing where none was."""
    if not any(evaluation.refused for evaluation in evaluations):
        return ""
    if len(evaluations) == 1:
        return f", {evaluations[0].refused:,} refused by the server"
    return ", refused by servers: " + ", ".join(f"{found.name} {found.refused:,}" for found in evaluations)


def _counted(evaluation: Evaluation) -> str:
    """``400 cases``, ``100 cases, 4 samples of each``."""
    cases = len({prediction.case for prediction in evaluation.predictions})
    samples = len(evaluation.predictions) // cases
    return f"{cases:,} cases" + (f", {samples} samples of each" if samples > 1 else "")


def _where_both_parsed(table: Table, evaluations: Sequence[Evaluation]) -> None:
    """A row for the gain on what both models parsed, where that is not everything."""
    first, last = evaluations[0], evaluations[-1]
    judged = last.difference(first, ["verdict_accuracy"], both_parsed=True).get("verdict_accuracy")
    if judged is not None and judged.support < last.metrics["verdict_accuracy"].support:
        blank = [Text("") for _ in evaluations]
        change = shown_difference("verdict_accuracy", judged)
        table.add_row(Text("  where both parse"), *blank, change, Text(f"{judged.support:,}", style="dim"))


def rule_table(evaluations: Sequence[Evaluation]) -> Table | None:
    """F1 of each rule with its support, and of one model also precision and recall; None where no rule is broken."""
    first = evaluations[0]
    if not first.rules:
        return None
    table = _table(f"{first.split}: F1 by rule", evaluations)
    alone = len(evaluations) == 1
    for title in ("precision", "recall") if alone else ():
        table.add_column(title, justify="right")
    table.add_column("of", justify="right")
    for rule, figure in first.rules.items():
        found = [shown(evaluation.rules.get(rule)) for evaluation in evaluations]
        parts = [shown(figure.precision), shown(figure.recall)] if alone else []
        support = Text(f"{figure.support:,}", style="dim")
        if figure.few:
            support = Text("few: ", style="yellow").append(support)
        table.add_row(plain(rule), *found, *parts, support)
    return table


def slice_table(evaluation: Evaluation, key: str, names: Sequence[str]) -> Table | None:
    """Metrics apart for each value of a key; None where no case has it."""
    slices = evaluation.slices(key, names)
    if not slices:
        return None
    figures = [name for name in names if any(name in figures for figures in slices.values())]
    table = Table(title=plain(f"{evaluation.split}: by {key}"), title_justify="left")
    table.add_column("with 95 % interval")
    for name in figures:
        table.add_column(TITLES[name], justify="right")
    table.add_column("of", justify="right")
    for value, found in slices.items():
        support = max((estimate.support for estimate in found.values()), default=0)
        row = [shown(found.get(name)) for name in figures]
        table.add_row(plain(value), *row, Text(f"{support:,}", style="dim"))
    return table


def prevalence_table(evaluation: Evaluation) -> Table | None:
    """The figures at another prevalence, beside those of the set as it is; None where none was asked for."""
    prevalence, weighed = evaluation.settings.prevalence, evaluation.at_prevalence
    if prevalence is None:
        return None
    table = Table(title=plain(f"{evaluation.split}: if {prevalence:.1%} were to be rejected"), title_justify="left")
    table.add_column("with 95 % interval")
    for column in ("as it is", f"at {prevalence:.1%}"):
        table.add_column(column, justify="right")
    for name in HEADLINE:
        if name in weighed:
            table.add_row(TITLES[name], shown(evaluation.metrics.get(name)), shown(weighed[name]))
    return table


def notes_of(evaluation: Evaluation) -> Mapping[str, str]:
    """By title, why figures of the table are not given."""
    return {TITLES[name]: note for name, note in evaluation.notes.items() if name in HEADLINE}


def _table(title: str, evaluations: Sequence[Evaluation]) -> Table:
    table = Table(title=plain(title), title_justify="left")
    table.add_column("with 95 % interval", overflow="fold")
    for evaluation in evaluations:
        table.add_column(plain(evaluation.name), justify="right")
    return table


def shown(estimate: Estimate | None, note: str | None = None) -> Text:
    """A figure with its interval, or why there is none."""
    if note is not None:
        return Text("too few" if note.startswith("too few") else "not reached", style="yellow")
    if estimate is None or estimate.value != estimate.value:
        return Text("–", style="dim")
    return Text(f"{_short(estimate.value)} ").append(f"[{_short(estimate.low)}, {_short(estimate.high)}]", style="dim")


def shown_difference(name: str, estimate: Estimate | None) -> Text:
    """A difference with its interval, coloured where it can be told which of the two is better."""
    if estimate is None:
        return Text("–", style="dim")
    better = (estimate.value > 0) != (name in LOWER_IS_BETTER)
    style = ("green" if better else "red") if estimate.excludes_zero and name not in NEUTRAL else ""
    interval = f" [{_short(estimate.low, '+')}, {_short(estimate.high, '+')}]"
    return Text(_short(estimate.value, "+"), style=style).append(interval, style="dim")


def _short(value: float, sign: str = "") -> str:
    """``0.834`` → ``.834``; ``-0.02`` → ``−.020``; ``120.25`` → ``120.2``."""
    if isinf(value):
        return "−∞" if value < 0 else f"{'+' if sign else ''}∞"
    digits = 3 if abs(value) < 10 else 1
    text = f"{value:{sign}.{digits}f}"
    return (text.replace("0.", ".", 1) if abs(value) < 1 else text).replace("-", "−")


def plain(text: str) -> Text:
    """Text of others that can neither write markup nor move the cursor."""
    return Text(visible(text))
