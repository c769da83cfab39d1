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
from rl.evaluation.comparison.words import amount, counted, level
from rl.evaluation.metrics import LOWER_IS_BETTER, METRICS, OF_STREAMS, RANKED, TITLES
from rl.evaluation.statistics import Estimate, Figure

TWO_SIDED = 0.90
"""Both ends of this interval are one-sided 95 % bounds."""
FEWEST_GROUPS = 10
"""Fewer clusters (of the size that a case sees) say too little about how much clusters differ."""
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
    if metric in OF_STREAMS:
        figure = models.stream_figures([metric]).get(metric)
    else:
        figure = models.ranked_figures([metric]).get(metric) if metric in RANKED else _counted(metric, models)
    if figure is None or np.isnan(figure.values).any():
        raise DataError(f"the gate's criterion '{title}' says nothing about these cases")
    return _Measured(title, figure, models.cases)


def _counted(metric: str, models: Models) -> Figure | None:
    sheet = models.sheet(next(entry for entry in METRICS.values() if metric in entry.titles))
    return models.figures([sheet])[0][metric] if sheet is not None else None


def _result(criterion: Criterion, measured: _Measured, model: str, place: int) -> CriterionResult:
    figure, lower_is_better = measured.figure, criterion.metric in LOWER_IS_BETTER
    limit = criterion.at_most if lower_is_better else criterion.at_least
    found: Estimate | None
    if limit is None:
        found, allowed = figure.difference(place, TWO_SIDED), criterion.margin or 0.0
    else:
        found, allowed = figure.estimate(place + 1, TWO_SIDED), limit if lower_is_better else -limit
    assert found is not None, "figures that do not apply are refused before"
    # How bad, more being worse: the point, and the bounds of its interval.
    bad, least, most = (
        (found.value, found.low, found.high) if lower_is_better else (-found.value, -found.high, -found.low)
    )
    decision: Decision = "undecided"
    needed, note = None, _too_few(criterion, figure)
    if not note:
        decision = "pass" if most < allowed else "fail" if least > allowed else "undecided"
    if decision == "undecided" and not note:
        to_decide = figure.cases_to_decide if limit is None else figure.cases_to_decide_alone
        support = to_decide(allowed - bad, place if limit is None else place + 1)
        if support is not None:
            needed = max(measured.cases + 1, ceil(support * measured.cases / figure.support))
    return CriterionResult(
        model=model,
        metric=criterion.metric,
        title=measured.title,
        margin=criterion.margin,
        limit=limit,
        lower_is_better=lower_is_better,
        found=found,
        bound=found.high if lower_is_better else found.low,
        decision=decision,
        needed=needed,
        note=note,
    )


def _too_few(criterion: Criterion, figure: Figure) -> str:
    """Why nothing is decided on this figure, whatever it is; empty if it may be."""
    if figure.support < criterion.min_support:
        return f"too few: {figure.support:,} of the {criterion.min_support:,} that it takes"
    if figure.clusters.clustered and figure.clusters.effective < FEWEST_GROUPS:
        return f"too few groups: the cases count for {figure.clusters.effective:.1f}, {FEWEST_GROUPS} are needed"
    return ""


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
    keep = "keeps" if len(models.challengers) == 1 else "keep"
    bounds = "limits" if any(result.limit is not None for result in results) else "margin"
    if decision == "pass":
        criteria = counted(len(which), "criterion", "criteria")
        return f"Gate “{name}” passes: {who} {keep} within the {bounds} on {criteria}."
    if decision == "fail":
        first = max(which, key=_excess)
        more = f", and {counted(len(which) - 1, 'more criterion', 'more criteria')}" if len(which) > 1 else ""
        return f"Gate “{name}” fails: {_broken(first, models.names[0])}{more}."
    cases = f"; about {needed:,} cases like these would decide it" if needed is not None else ""
    few = sum(bool(result.note) for result in which)
    speak = "speaks" if few == 1 else "speak"
    cases += f"; {few} of them {speak} of too few cases or groups to say" if few else ""
    return (
        f"Gate “{name}” is undecided: {counted(models.cases, 'case')} cannot tell whether {who} {keep} within the "
        f"{bounds} on {len(which)} of {counted(len(results), 'criterion', 'criteria')}{cases}."
    )


def _broken(result: CriterionResult, baseline: str) -> str:
    """How a challenger breaks a criterion."""
    found = result.found
    if result.limit is not None:
        way, end = ("at most", found.low) if result.lower_is_better else ("at least", found.high)
        surely = "no less" if result.lower_is_better else "no more"
        return (
            f"{result.model} has a {result.title} of {level(found.value, result.metric)}, and {surely} than "
            f"{level(end, result.metric)}, where {way} {level(result.limit, result.metric)} is allowed"
        )
    least = found.low if result.lower_is_better else found.high
    by, surely, allowed = (amount(abs(x), result.metric) for x in (found.value, least, result.margin or 0.0))
    return (
        f"{result.model} is worse than {baseline} on {result.title} by {by}, and by {surely} at the least, where "
        f"{allowed} are allowed"
    )


def _excess(result: CriterionResult) -> float:
    """How far beyond its margin or limit a broken criterion is at the least."""
    least = result.found.low if result.lower_is_better else -result.found.high
    if result.limit is not None:
        return least - (result.limit if result.lower_is_better else -result.limit)
    return least - (result.margin or 0.0)
