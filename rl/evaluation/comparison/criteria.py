"""Criteria: a gate held against models."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from data import DataError, suggest
from rl.evaluation.comparison.comparison import CriterionResult, Decision, GateResult
from rl.evaluation.comparison.gate import Criterion, Gate, Kind
from rl.evaluation.comparison.models import Models
from rl.evaluation.comparison.rules import rule_sheet
from rl.evaluation.comparison.slices import part, values
from rl.evaluation.comparison.words import amount, counted
from rl.evaluation.metrics import LOWER_IS_BETTER, METRICS, TITLES
from rl.evaluation.statistics import Figure

TWO_SIDED = 0.90
"""Both ends of this interval are one-sided 95 % bounds."""
OF_ONE_RULE = {"rule_f1": "f1", "rule_precision": "precision", "rule_recall": "recall"}


@dataclass(frozen=True)
class _Measured:
    """A criterion's figure on the cases that it speaks of."""

    title: str
    figure: Figure
    cases: int


def hold(gate: Gate, models: Models) -> GateResult:
    """What the gate says of every challenger.

    Raises:
        DataError: a criterion speaks of a severity, category or rule that no case breaks, or its metric says nothing
            about those cases.
    """
    results, shares = [], []
    for criterion in gate.criteria:
        for measured in _measured(criterion, models):
            for place, name in enumerate(models.challengers):
                results.append(_result(criterion, measured, name, place))
                shares.append(measured.cases / models.cases)
    decision = _worst([result.decision for result in results])
    order: tuple[Decision, ...] = ("fail", "undecided", "pass")
    by_model = {name: _worst([r.decision for r in results if r.model == name]) for name in models.challengers}
    needed = _needed_in_all(results, shares) if decision == "undecided" else None
    ordered = sorted(results, key=lambda result: order.index(result.decision))
    return GateResult(
        name=gate.name,
        decision=decision,
        by_model=by_model,
        criteria=ordered,
        needed=needed,
        sentence=_sentence(gate.name, decision, ordered, needed, models),
    )


def _measured(criterion: Criterion, models: Models) -> Iterator[_Measured]:
    title = TITLES[criterion.metric]
    kind = criterion.kind
    if kind is None:
        yield _measure(criterion.metric, title, models)
        return
    occurring = _occurring(models, kind)
    if criterion.each is None:
        wanted = getattr(criterion, kind)
        if wanted not in occurring:
            there = f": there are {', '.join(occurring[:20])}" if occurring else ""
            what = "rule" if kind == "rule" else f"a rule of {kind}"
            raise DataError(f"no case here breaks {what} '{wanted}'{suggest(wanted, occurring)}{there}")
        occurring = [wanted]
    for value in occurring:
        named = f"{title}, {kind} {value}"
        if kind == "rule":
            yield _of_rule(criterion.metric, named, models, value)
        else:
            yield _measure(criterion.metric, named, part(models, kind, value))


def _occurring(models: Models, kind: Kind) -> list[str]:
    if kind == "rule":
        return sorted({rule for row in models.gold for rule in row.broken})
    return values(models, kind)


def _of_rule(metric: str, title: str, models: Models, rule: str) -> _Measured:
    here = models.where(np.array([rule in row.broken for row in models.gold]))
    if metric not in OF_ONE_RULE:
        return _measure(metric, title, here)
    figure = models.figures([rule_sheet(models, rule)])[0][OF_ONE_RULE[metric]]
    return _Measured(title, figure, here.cases)


def _measure(metric: str, title: str, models: Models) -> _Measured:
    owner = next(entry for entry in METRICS.values() if metric in entry.titles)
    sheet = models.sheet(owner)
    figure = models.figures([sheet])[0][metric] if sheet is not None else None
    if figure is None or np.isnan(figure.values).any():
        raise DataError(f"the gate's criterion '{title}' says nothing about these cases")
    return _Measured(title, figure, models.cases)


def _result(criterion: Criterion, measured: _Measured, model: str, place: int) -> CriterionResult:
    found = measured.figure.difference(place, TWO_SIDED)
    lower_is_better = criterion.metric in LOWER_IS_BETTER
    # How much worse: the point, and the bounds of its interval.
    worse, least, most = (
        (found.value, found.low, found.high) if lower_is_better else (-found.value, -found.high, -found.low)
    )
    decision: Decision = "undecided"
    if most < criterion.margin:
        decision = "pass"
    elif least > criterion.margin:
        decision = "fail"
    needed = None
    if decision == "undecided":
        rows = measured.figure.rows_to_decide(criterion.margin - worse, place)
        if rows is not None:
            needed = max(measured.cases + 1, ceil(rows * measured.cases / measured.figure.support))
    return CriterionResult(
        model=model,
        metric=criterion.metric,
        title=measured.title,
        margin=criterion.margin,
        lower_is_better=lower_is_better,
        difference=found,
        bound=found.high if lower_is_better else found.low,
        decision=decision,
        needed=needed,
    )


def _worst(decisions: Sequence[Decision]) -> Decision:
    if "fail" in decisions:
        return "fail"
    return "undecided" if "undecided" in decisions else "pass"


def _needed_in_all(results: Sequence[CriterionResult], shares: Sequence[float]) -> int | None:
    """Cases like these in all; None if a criterion would never be decided."""
    open_ = [(r.needed, share) for r, share in zip(results, shares, strict=True) if r.decision == "undecided"]
    totals = [None if needed is None else ceil(needed / share) for needed, share in open_]
    known = [total for total in totals if total is not None]
    return max(known) if len(known) == len(totals) else None


def _sentence(
    name: str, decision: Decision, results: Sequence[CriterionResult], needed: int | None, models: Models
) -> str:
    which = [result for result in results if result.decision == decision]
    who = " and ".join(models.challengers)
    if decision == "pass":
        return f"Gate “{name}” passes: {who} {'keeps' if len(models.challengers) == 1 else 'keep'} " + (
            f"within the margin on {counted(len(which), 'criterion', 'criteria')}."
        )
    if decision == "fail":
        first = max(which, key=_excess)
        least = first.difference.low if first.lower_is_better else first.difference.high
        more = f", and {counted(len(which) - 1, 'more criterion', 'more criteria')}" if len(which) > 1 else ""
        return (
            f"Gate “{name}” fails: {first.model} is worse than {models.names[0]} on {first.title} by "
            f"{amount(abs(first.difference.value), first.metric)}, and by {amount(abs(least), first.metric)} at the "
            f"least, where {amount(first.margin, first.metric)} are allowed{more}."
        )
    cases = f"; about {needed:,} cases like these would decide it" if needed is not None else ""
    return (
        f"Gate “{name}” is undecided: {counted(models.cases, 'case')} cannot tell whether {who} "
        f"{'keeps' if len(models.challengers) == 1 else 'keep'} within the margin on "
        f"{len(which)} of {counted(len(results), 'criterion', 'criteria')}{cases}."
    )


def _excess(result: CriterionResult) -> float:
    """How far beyond its margin a broken criterion is at the least."""
    return (result.difference.low if result.lower_is_better else -result.difference.high) - result.margin
