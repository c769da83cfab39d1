"""Assertions about a reward, or about a whole rubric. Each fails with the values and the reasons for them.

They take a `Reward`, a `BatchReward` or a `Rubric`, a case, and rulings or raw completions. Without completions they
try the `probes`. Rules come from ``book``, or from the case where it brings its own.

Example:
    >>> from data import Case, Ruling
    >>> from rewards import calibration
    >>> case = Case(id="1", gold={"verdict": "approve"})
    >>> sure, unsure = (Ruling(verdict="approve", confidence=q) for q in (0.9, 0.6))
    >>> assert_ranks(calibration, case, better=sure, worse=unsure)
    >>> assert_ranks(calibration, case, better=unsure, worse=sure)
    Traceback (most recent call last):
    AssertionError: calibration on case '1': want better above worse, got 0.84 and 0.99
    >>> assert_range(calibration, case)
"""

import itertools
from collections.abc import Sequence
from dataclasses import replace

from data import Brief, Case, Rulebook, Ruling
from prompts import parse
from rewards.batch import Answer, BatchReward, Item
from rewards.reward import Reward
from rewards.scoring.plan import Plan, Step
from rewards.scoring.rubric import Rubric
from rewards.scoring.scorecard import Scorecard
from rewards.scoring.scorer import score_items
from rewards.testing.probes import probes

Scorer = Reward | BatchReward | Rubric
NO_RULES = Rulebook(name="no rules", rules=())
_ORDERS = 24
_ROUNDING = 1e-9


def assert_ranks(
    scorer: Scorer, case: Case, better: Answer, worse: Answer, *, book: Rulebook = NO_RULES, margin: float = 0.0
) -> None:
    """``better`` earns more than ``worse``, by more than a margin."""
    (high, why), (low, why_low) = _values(scorer, case, [better, worse], book)
    where = f"{scorer.name} on case '{case.id}'"
    if high is None or low is None:
        hint = " (under no rules: is book= missing?)" if book is NO_RULES and case.rules is None else ""
        raise AssertionError(f"{where}: it does not apply{hint}")
    if not high > low + margin + _ROUNDING:
        by = f" by more than {margin:g}" if margin else ""
        reasons = f" ({why}; {why_low})" if why or why_low else ""
        raise AssertionError(f"{where}: want better above worse{by}, got {high:g} and {low:g}{reasons}")


def assert_range(scorer: Scorer, case: Case, *answers: Answer, book: Rulebook = NO_RULES) -> None:
    """Nothing fails, and every value lies in the declared range; of a rubric, between its floor and its best."""
    low, high = scorer.range if not isinstance(scorer, Rubric) else (scorer.floor, _best(scorer))
    tried = answers or _probes(case, book)
    for answer, (value, why) in zip(tried, _values(scorer, case, tried, book), strict=True):
        if value is not None and not low - _ROUNDING <= value <= high + _ROUNDING:
            outside = f"{value:g} is outside of [{low:g}, {high:g}] ({why})"
            raise AssertionError(f"{scorer.name} on case '{case.id}': {outside}, for {answer!r}")


def assert_deterministic(scorer: Scorer, case: Case, *answers: Answer, book: Rulebook = NO_RULES) -> None:
    """The same answers earn the same again, in another order and on a copy of the case; neither is changed by it."""
    tried = list(answers or _probes(case, book))
    before = _written(case, tried)
    first = _values(scorer, case, tried, book)
    again = _values(scorer, case.model_copy(deep=True), tried[::-1], book)[::-1]
    for answer, one, other in zip(tried, first, again, strict=True):
        if one != other:
            raise AssertionError(f"{scorer.name} on case '{case.id}': {one} and then {other}, for {answer!r}")
    if _written(case, tried) != before:
        raise AssertionError(f"{scorer.name} changes what it scores (case '{case.id}')")


def assert_order_invariant(scorer: Scorer, case: Case, ruling: Ruling, *, book: Rulebook = NO_RULES) -> None:
    """The order of the citations, and of the evidence for each, makes no difference."""
    turned = [v.model_copy(update={"evidence": v.evidence[::-1]}) for v in ruling.violations]
    orders = itertools.islice(itertools.permutations(turned), _ORDERS)
    others = [ruling.model_copy(update={"violations": list(order)}) for order in orders]
    (expected, _), *values = _values(scorer, case, [ruling, *others], book)
    for other, (value, _) in zip(others, values, strict=True):
        if not _same(value, expected):
            rules = [violation.rule for violation in other.violations]
            raise AssertionError(f"{scorer.name} on case '{case.id}': {expected} becomes {value} in the order {rules}")


def assert_applies_by_case(scorer: Scorer, case: Case, *answers: Answer, book: Rulebook = NO_RULES) -> None:
    """Whether it applies does not depend on the answer; a policy would learn to choose what it is scored on."""
    tried = [a for a in answers or _probes(case, book) if isinstance(a, Ruling) or isinstance(parse(a), Ruling)]
    values = _values(scorer, case, tried, book)
    applies = {value is not None: answer for answer, (value, _) in zip(tried, values, strict=True)}
    if len(applies) > 1:
        both = f"applies to {applies[True]!r} and does not apply to {applies[False]!r}"
        raise AssertionError(f"{scorer.name} on case '{case.id}' {both}")


def _values(scorer: Scorer, case: Case, answers: Sequence[Answer], book: Rulebook) -> list[tuple[float | None, str]]:
    """The value of each answer and the reason for it, all asked at once; a fault fails the test."""
    brief = Brief.of(case, book)
    plan = scorer.plan if isinstance(scorer, Rubric) else Plan((Step(scorer, "verdict", 1.0),), floor=0.0)
    cards = score_items(_patient(plan, len(answers)), [Item.of(answer, brief) for answer in answers])
    if len(answers) > 1 and all(card.unscored for card in cards):
        for answer in answers:  # a batch that fails as a whole: one by one shows on which answer
            _values(scorer, case, [answer], book)
    for answer, card in zip(answers, cards, strict=True):
        if card.unscored:
            error = card.unscored[0].error
            raise AssertionError(f"{scorer.name} on case '{case.id}' fails: {error}, for {answer!r}")
    if isinstance(scorer, Rubric):
        return [(card.total, _told(card)) for card in cards]
    return [(card[scorer.name].value, card[scorer.name].reason) for card in cards]


def _patient(plan: Plan, times: int) -> Plan:
    """The plan with as much time as the answers would have one by one."""
    steps = tuple(replace(step, time_limit=step.time_limit * times) for step in plan.steps)
    return replace(plan, steps=steps, overrides={name: _patient(own, times) for name, own in plan.overrides.items()})


def _written(case: Case, answers: Sequence[Answer]) -> list[str]:
    """Everything that a scorer could change, as text."""
    return [case.model_dump_json(), *(a if isinstance(a, str) else a.model_dump_json() for a in answers)]


def _best(rubric: Rubric) -> float:
    """The highest total that there could be."""
    return sum(max(0.0, step.weight) * step.reward.range[1] for step in rubric.plan.steps)


def _same(one: float | None, other: float | None) -> bool:
    return one == other or (one is not None and other is not None and abs(one - other) < _ROUNDING)


def _told(card: Scorecard) -> str:
    if card.closed is not None:
        return f"gate '{card.closed}' is closed"
    return ", ".join(f"{c.name} {c.contribution:+.2f}" for c in card.components.values() if c.contribution)


def _probes(case: Case, book: Rulebook) -> list[Answer]:
    return list(probes(case, Brief.of(case, book).excerpt))
