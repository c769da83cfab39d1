"""Scores completions by a rubric's plan: each is parsed once, each reward is asked once for the whole batch."""

import logging
from collections.abc import Sequence

from data import Case, Rulebook, Ruling
from prompts import ParseFailure, parse
from rewards.batch import Item
from rewards.plan import Plan, Step
from rewards.score import Outcome, RewardError, Score, Unscored
from rewards.scorecard import Component, Scorecard, count_faults
from rewards.timing import within

logger = logging.getLogger(__name__)

FORMAT = "format"
"""The gate that a completion passes by being a ruling."""


def read_many(completions: Sequence[str], cases: Sequence[Case], book: Rulebook) -> list[Item]:
    """The completions, parsed, with what each is about, one case to each.

    Raises:
        ValueError: the two are not of one length.
        DataError: a case names a rule that the book has not.
    """
    if len(completions) != len(cases):
        raise ValueError(f"{len(completions)} completions for {len(cases)} cases: want one case to each")
    excerpts: dict[int, Rulebook] = {}
    items = []
    for completion, case in zip(completions, cases, strict=True):
        excerpt = excerpts.get(id(case))
        if excerpt is None:
            excerpt = excerpts[id(case)] = book.excerpt(case.rules)
        items.append(Item(parse(completion), case, excerpt, completion))
    return items


def score_items(plan: Plan, items: Sequence[Item]) -> list[Scorecard]:
    """The scorecards of items, in their order. A reward that fails on one is written down there, and makes its total
    None; how often each failed is logged.
    """
    plans = [plan.for_case(item.case, item.excerpt) for item in items]
    asked: dict[int, tuple[Step, list[int]]] = {}  # by reward: those of several plans that share one ask it once
    for place, own in enumerate(plans):
        for step in own.steps:
            asked.setdefault(id(step.reward), (step, []))[1].append(place)
    answers: dict[tuple[int, int], Outcome | Exception] = {}
    for reward, (step, places) in asked.items():
        for place, answer in zip(places, _ask(step, [items[place] for place in places]), strict=True):
            answers[reward, place] = answer
    cards = [
        _card(own, item, [answers[id(step.reward), place] for step in own.steps])
        for place, (own, item) in enumerate(zip(plans, items, strict=True))
    ]
    _report_faults(cards)
    return cards


def _ask(step: Step, items: Sequence[Item]) -> list[Outcome | Exception]:
    """One outcome for each item; an exception where the reward failed on it."""
    reward = step.reward
    asked = items if reward.on_failure else [item for item in items if isinstance(item.ruling, Ruling)]
    outcomes: list[Outcome | Exception] = []
    rest: Exception | None = None
    try:
        within(step.time_limit, lambda: outcomes.extend(reward.outcomes(asked)))
    except RewardError as error:  # of the wrong length: which outcome is whose, nobody knows
        outcomes, rest = [], error
    except Exception as error:
        rest = error
    outcomes = outcomes[: len(asked)]
    if rest is not None:
        outcomes += [rest] * (len(asked) - len(outcomes))
    if len(asked) == len(items):
        return outcomes
    given = iter(outcomes)
    return [
        Score(reward.range[0], f"not a ruling: {item.ruling.reason.value}")
        if isinstance(item.ruling, ParseFailure)
        else next(given)
        for item in items
    ]


def _card(plan: Plan, item: Item, outcomes: Sequence[Outcome | Exception]) -> Scorecard:
    parsed = isinstance(item.ruling, Ruling)
    right = isinstance(item.ruling, Ruling) and _is_right(item.ruling, item.case, item.excerpt)
    components: dict[str, Component] = {}
    faults: list[Unscored] = []
    closed = None if parsed else FORMAT
    total = 0.0
    for step, outcome in zip(plan.steps, outcomes, strict=True):
        name = step.reward.name
        value, reason = _read(outcome)
        if isinstance(outcome, Exception):
            faults.append(Unscored(name, item.case.id, reason))
        contribution = 0.0
        if value is not None and parsed:
            if step.kind == "gate":
                closed = closed or (name if value < 1 else None)
            elif right or step.kind != "craft":
                contribution = step.weight * value
                total += contribution
        components[name] = Component(name, value, reason, step.weight, contribution)
    result = None if faults else plan.floor if closed else total
    return Scorecard(item.case.id, item.ruling, result, components, closed, tuple(faults))


def _read(outcome: Outcome | Exception) -> tuple[float | None, str]:
    """The value and the reason; no value where the reward does not apply, or failed."""
    if isinstance(outcome, Score):
        return outcome.value, outcome.reason
    if isinstance(outcome, Exception):
        return None, f"{type(outcome).__name__}: {outcome}"
    if isinstance(outcome, type):
        return None, "does not apply"
    return outcome, ""


def _is_right(ruling: Ruling, case: Case, excerpt: Rulebook) -> bool:
    gold = case.gold_for(excerpt)
    return gold is not None and gold.verdict is not None and gold.accepts(ruling.verdict)


def _report_faults(cards: Sequence[Scorecard]) -> None:
    """Warns of every reward that failed: on how many completions, and how it failed on the first."""
    for name, count in count_faults(cards).items():
        first = next(fault for card in cards for fault in card.unscored if fault.reward == name)
        logger.warning(
            "reward '%s' failed on %d of %d completions, which stay unscored; first on case '%s': %s",
            *(name, count, len(cards), first.case, first.error),
        )
