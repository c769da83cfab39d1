"""Tables: a comparison in the terminal. Names come from files, so they are shown as plain text."""

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from rl.evaluation.comparison.comparison import Comparison, CriterionResult, GateResult, RuleRow
from rl.evaluation.comparison.words import amount, level, probability
from rl.evaluation.reviews import REVIEWERS, Reliability
from rl.evaluation.table import plain, shown, shown_difference

RULES = 15
"""Most rules that the terminal shows; the files have all of them."""
COLOURS = {"pass": "green", "fail": "bold red", "undecided": "yellow"}


def tables(comparison: Comparison) -> Iterator[Table]:
    """What the terminal shows below the verdict: the gate, figures, pairs, slices, rules, agreement."""
    if comparison.gate is not None:
        yield gate_table(comparison.gate)
    yield metric_table(comparison)
    if comparison.pairs:
        yield pair_table(comparison)
    if comparison.slices:
        yield slice_table(comparison)
    if comparison.rules:
        yield rule_table(comparison)
    yield agreement_table(comparison)


def gate_table(gate: GateResult) -> Table:
    """Each criterion with its bound; signed where it is about a difference."""
    table = _table(f"gate {gate.name}: {gate.decision}")
    for column in ("criterion", "model"):
        table.add_column(column)
    for column in ("found", "allowed", "one-sided 95 % bound", "decision", "cases", "would decide it"):
        table.add_column(column, justify="right")
    for found in gate.criteria:
        table.add_row(plain(found.title), plain(found.model), *_criterion(found))
    return table


def _criterion(found: CriterionResult) -> list[Text]:
    if found.margin is not None:
        allowed = found.margin if found.lower_is_better else -found.margin
        shown_figures = [amount(value, found.metric, "+") for value in (found.found.value, allowed, found.bound)]
    else:
        assert found.limit is not None
        shown_figures = [level(value, found.metric) for value in (found.found.value, found.limit, found.bound)]
    return [
        *map(Text, shown_figures),
        Text(found.decision, style=COLOURS[found.decision]),
        Text(f"{found.found.support:,}", style="dim"),
        Text(f"{found.needed:,} cases" if found.needed is not None else found.note),
    ]


def metric_table(comparison: Comparison) -> Table:
    """All figures; the primary first, in bold."""
    table = _table(f"{comparison.split}: {comparison.cases:,} cases")
    _model_columns(table, comparison, "with 95 % interval")
    for row in comparison.metrics:
        title = Text(row.title, style="bold" if row.name == comparison.primary else "")
        differences = [shown_difference(row.name, difference) for difference in row.differences]
        support = max(estimate.support for estimate in row.values if estimate is not None)
        table.add_row(title, *map(shown, row.values), *differences, Text(f"{support:,}", style="dim"))
    return table


def pair_table(comparison: Comparison) -> Table:
    """Who is right where, on the primary metric."""
    table = _table("pair by pair on the primary metric")
    table.add_column("model")
    for column in ("both right", "gained", "lost", "both wrong", "p", "mid-p", "gained : lost", "Cohen's h, g"):
        table.add_column(column, justify="right")
    for pair in comparison.pairs:
        counts = (pair.both_right, pair.gained, pair.lost, pair.both_wrong)
        odds = pair.odds_ratio
        table.add_row(
            plain(pair.model),
            *(f"{count:,}" for count in counts),
            probability(pair.p).removeprefix("p ").removeprefix("= "),
            probability(pair.mid_p).removeprefix("p ").removeprefix("= "),
            Text(f"{odds.value:.2f} [{odds.low:.2f}, {odds.high:.2f}]"),
            f"{pair.cohens_h:+.2f}, {pair.cohens_g:+.2f}".replace("-", "−"),
        )
    tests = {pair.test for pair in comparison.pairs}
    needed = ", ".join(f"{need.cases:,} for {100 * need.difference:g}" for need in comparison.needed)
    exact = "exact McNemar" if tests == {"mcnemar"} else "sign flip of whole clusters"
    table.caption = f"p: {exact}. Cases needed to see a difference of so many points: {needed}."
    table.caption_justify = "left"
    return table


def slice_table(comparison: Comparison) -> Table:
    """Verdict accuracy by severity and category of the gravest broken rule."""
    table = _table("verdict accuracy on the cases that break a rule of")
    _model_columns(table, comparison, "", "gained / lost")
    for row in comparison.slices:
        changes: list[Text] = []
        for place, difference in enumerate(row.differences):
            changes += [
                shown_difference("verdict_accuracy", difference),
                Text(f"{row.gained[place]} / {row.lost[place]}"),
            ]
        cases = Text(f"{row.cases:,}", style="dim")
        table.add_row(plain(f"{row.kind} {row.value}"), *map(shown, row.accuracy), *changes, cases)
    return table


def rule_table(comparison: Comparison) -> Table:
    """F1 by rule: the most broken ones, and all that changed more than chance would after Holm's correction."""
    first = comparison.rules[:RULES]
    shown_rules = [*first, *(row for row in comparison.rules[RULES:] if min(row.p_holm) < 0.05)]
    hidden = len(comparison.rules) - len(shown_rules)
    table = _table("F1 by rule" + (f" ({hidden} more in comparison.json)" if hidden else ""))
    _model_columns(table, comparison, "", "gained / lost", "p (Holm)")
    for row in shown_rules:
        table.add_row(plain(row.rule), *map(shown, row.f1), *_changes(row), _support(row))
    return table


def _changes(row: RuleRow) -> Sequence[Text]:
    cells: list[Text] = []
    for place, difference in enumerate(row.f1_difference):
        p = row.p_holm[place]
        style = "" if p >= 0.05 else "red" if row.lost[place] > row.gained[place] else "green"
        cells += [
            shown_difference("rule_f1", difference),
            Text(f"{row.gained[place]} / {row.lost[place]}"),
            Text(probability(p).removeprefix("p ").removeprefix("= "), style=style),
        ]
    return cells


def _support(row: RuleRow) -> Text:
    return Text("few: " if row.few else "", style="yellow").append(f"{row.support:,}", style="dim")


def agreement_table(comparison: Comparison) -> Table:
    """How often two models, or a model and gold, give the same verdict."""
    found = comparison.agreement
    table = _table("same verdict (Cohen's kappa)")
    table.add_column("")
    for name in found.names:
        table.add_column(plain(name), justify="right")
    for place, name in enumerate(found.names):
        cells = [
            Text(f"{share:.3f} ({kappa:.2f})") if other != place else Text("")
            for other, (share, kappa) in enumerate(zip(found.share[place], found.kappa[place], strict=True))
        ]
        table.add_row(plain(name), *cells)
    return table


def reliability_table(found: Sequence[Reliability]) -> Table:
    """How far reviewers agree among themselves, and with gold and each model beside them."""
    table = _table("verdicts of reviewers (Krippendorff's alpha)")
    for column in ("", "with 95 % interval", "of"):
        table.add_column(column, justify="right" if column else "left")
    for row in found:
        who = row.who if row.who == REVIEWERS else f"{REVIEWERS} and {row.who}"
        table.add_row(plain(who), shown(row.alpha), Text(f"{row.alpha.support:,}", style="dim"))
    return table


def _model_columns(table: Table, comparison: Comparison, first: str, *beside: str) -> None:
    """A column for each model, then each challenger's difference with what stands beside it, then the support."""
    table.add_column(first)
    for model in comparison.models:
        table.add_column(plain(model), justify="right")
    for model in comparison.models[1:]:
        table.add_column(plain(f"{model} − {comparison.baseline}"), justify="right")
        for title in beside:
            table.add_column(title, justify="right")
    table.add_column("of", justify="right")


def _table(title: str) -> Table:
    return Table(title=plain(title), title_justify="left")
