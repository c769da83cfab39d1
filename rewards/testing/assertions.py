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

from data import Case, Rulebook, Ruling
from prompts import parse, write
from rewards.batch import BatchReward, Item
from rewards.plan import Plan, Step
from rewards.reward import Reward
from rewards.rubric import Rubric
from rewards.scorecard import Scorecard
from rewards.scoring import score_items
from rewards.testing.probes import probes

Scorer = Reward | BatchReward | Rubric
Answer = str | Ruling
"""A completion, or the ruling that it states."""

NO_RULES = Rulebook(name="no rules", rules=())
_ORDERS = 24
_ROUNDING = 1e-9


def assert_ranks(
    scorer: Scorer, case: Case, better: Answer, worse: Answer, *, book: Rulebook = NO_RULES, margin: float = 0.0
) -> None:
    """``better`` earns more than ``worse``, by more than a margin."""
    (high, why), (low, why_low) = (_value(scorer, case, answer, book) for answer in (better, worse))
    where = f"{scorer.name} on case '{case.id}'"
    if high is None or low is None:
        raise AssertionError(f"{where}: it does not apply")
    if not high > low + margin + _ROUNDING:
        by = f" by more than {margin:g}" if margin else ""
        reasons = f" ({why}; {why_low})" if why or why_low else ""
        raise AssertionError(f"{where}: want better above worse{by}, got {high:g} and {low:g}{reasons}")


def assert_range(scorer: Scorer, case: Case, *answers: Answer, book: Rulebook = NO_RULES) -> None:
    """Nothing fails, and every value lies in the declared range; of a rubric, between its floor and its best."""
    low, high = scorer.range if not isinstance(scorer, Rubric) else (scorer.floor, _best(scorer))
    for answer in answers or _probes(case, book):
        value, why = _value(scorer, case, answer, book)
        if value is not None and not low - _ROUNDING <= value <= high + _ROUNDING:
            outside = f"{value:g} is outside of [{low:g}, {high:g}] ({why})"
            raise AssertionError(f"{scorer.name} on case '{case.id}': {outside}, for {answer!r}")


def assert_deterministic(scorer: Scorer, case: Case, *answers: Answer, book: Rulebook = NO_RULES) -> None:
    """The same answers earn the same again, in another order and on a copy of the case; neither is changed by it."""
    tried = list(answers or _probes(case, book))
    before = case.model_dump_json(), repr(tried)
    first = [_value(scorer, case, answer, book) for answer in tried]
    copied = case.model_copy(deep=True)
    again = [_value(scorer, copied, answer, book) for answer in reversed(tried)][::-1]
    for answer, one, other in zip(tried, first, again, strict=True):
        if one != other:
            raise AssertionError(f"{scorer.name} on case '{case.id}': {one} and then {other}, for {answer!r}")
    if (case.model_dump_json(), repr(tried)) != before:
        raise AssertionError(f"{scorer.name} changes what it scores (case '{case.id}')")


def assert_order_invariant(scorer: Scorer, case: Case, ruling: Ruling, *, book: Rulebook = NO_RULES) -> None:
    """The order of the citations, and of the evidence for each, makes no difference."""
    expected, _ = _value(scorer, case, ruling, book)
    turned = [v.model_copy(update={"evidence": v.evidence[::-1]}) for v in ruling.violations]
    for order in itertools.islice(itertools.permutations(turned), _ORDERS):
        other = ruling.model_copy(update={"violations": list(order)})
        value, _ = _value(scorer, case, other, book)
        if not _same(value, expected):
            rules = [violation.rule for violation in order]
            raise AssertionError(f"{scorer.name} on case '{case.id}': {expected} becomes {value} in the order {rules}")


def assert_applies_by_case(scorer: Scorer, case: Case, *answers: Answer, book: Rulebook = NO_RULES) -> None:
    """Whether it applies does not depend on the answer; a policy would learn to choose what it is scored on."""
    applies: dict[bool, Answer] = {}
    for answer in answers or _probes(case, book):
        if isinstance(answer, Ruling) or isinstance(parse(answer), Ruling):
            applies.setdefault(_value(scorer, case, answer, book)[0] is not None, answer)
    if len(applies) > 1:
        both = f"applies to {applies[True]!r} and does not apply to {applies[False]!r}"
        raise AssertionError(f"{scorer.name} on case '{case.id}' {both}")


def _value(scorer: Scorer, case: Case, answer: Answer, book: Rulebook) -> tuple[float | None, str]:
    """The value and the reason for it; a fault fails the test."""
    excerpt = book.excerpt(case.rules)
    if isinstance(scorer, Rubric):
        card = scorer.score(answer, case, excerpt)
    else:
        ruling = parse(answer) if isinstance(answer, str) else answer
        text = answer if isinstance(answer, str) else write(answer)
        card = score_items(Plan((Step(scorer, "craft", 1.0),), floor=0.0), [Item(ruling, case, excerpt, text)])[0]
    if card.unscored:
        raise AssertionError(f"{scorer.name} on case '{case.id}' fails: {card.unscored[0].error}, for {answer!r}")
    if isinstance(scorer, Rubric):
        return card.total, _told(card)
    component = card[scorer.name]
    return component.value, component.reason


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
    return list(probes(case, book.excerpt(case.rules)))
