"""Scores completions by a rubric's plan: each is parsed once, each reward is asked once for the whole batch."""

import logging
from collections.abc import Sequence
from contextlib import nullcontext

from data import Brief, Ruling
from prompts import Episode, ParseFailure
from rewards.batch import Answer, Item
from rewards.reward import Reward
from rewards.score import NotApplicable, Outcome, RewardError, Score, Unscored
from rewards.scoring.plan import Plan, Step
from rewards.scoring.scorecard import Component, Scorecard, count_faults
from rewards.scoring.timing import collector_paused, within

logger = logging.getLogger(__name__)

FORMAT = "format"
"""The gate that a completion passes by being a ruling."""


@collector_paused()
def read_many(answers: Sequence[Answer | Episode], briefs: Sequence[Brief]) -> list[Item]:
    """The answers, parsed, with what each is about, one brief to each.

    Raises:
        ValueError: the two are not of one length.
    """
    if len(answers) != len(briefs):
        raise ValueError(f"{len(answers)} completions for {len(briefs)} briefs: want one brief to each")
    return [Item.of(answer, brief) for answer, brief in zip(answers, briefs, strict=True)]


def score_items(plan: Plan, items: Sequence[Item]) -> list[Scorecard]:
    """The scorecards of items, in their order. A reward that fails on one is written down there, and makes its total
    None; how often each failed is logged.
    """
    plans = [plan.for_brief(item.brief) for item in items]
    columns: dict[int, _Column] = {}  # by reward: one that several plans share is asked once
    for step in [step for own in plan.all for step in own.steps]:
        if id(step.reward) not in columns:
            users = {id(own) for own in plan.all if any(other.reward is step.reward for other in own.steps)}
            columns[id(step.reward)] = _ask(step, items, [id(own) in users for own in plans])
    columns_of = {id(own): [columns[id(step.reward)] for step in own.steps] for own in plan.all}
    with collector_paused():
        cards = [
            _card(own, item, [column[place] for column in columns_of[id(own)]])
            for place, (own, item) in enumerate(zip(plans, items, strict=True))
        ]
    _report_faults(cards)
    return cards


_Column = list[Outcome | Exception | None]
"""What a reward says of each item: None where it is not asked, an exception where it failed."""


def _ask(step: Step, items: Sequence[Item], wanted: Sequence[bool]) -> _Column:
    reward = step.reward
    asked = [i for i, item in enumerate(items) if wanted[i] and (type(item.ruling) is Ruling or reward.on_failure)]
    outcomes: list[Outcome | Exception] = []
    fault: Exception | None = None
    try:
        with collector_paused() if isinstance(reward, Reward) else nullcontext():
            within(step.time_limit, lambda: outcomes.extend(reward.outcomes([items[i] for i in asked])))
    except RewardError as error:  # of the wrong number: which outcome is whose, nobody knows
        outcomes, fault = [], error
    except Exception as error:
        fault = error
    column: _Column = [None] * len(items)
    for place, i in enumerate(asked):
        column[i] = outcomes[place] if place < len(outcomes) else fault
    return column


def _card(plan: Plan, item: Item, outcomes: Sequence[Outcome | Exception | None]) -> Scorecard:
    failure = item.ruling if isinstance(item.ruling, ParseFailure) else None
    right = _is_right(item)
    components: dict[str, Component] = {}
    faults: list[Unscored] = []
    closed = FORMAT if failure else None
    total = 0.0
    for step, outcome in zip(plan.steps, outcomes, strict=True):
        name = step.reward.name
        contribution = 0.0
        value: float | None
        if isinstance(outcome, float):
            value, reason = outcome, ""
        elif isinstance(outcome, Score):
            value, reason = outcome.value, outcome.reason
        elif outcome is None:
            assert failure is not None
            value, reason = step.reward.range[0], f"not a ruling: {failure.reason.value}"
        elif isinstance(outcome, Exception):
            value, reason = None, f"{type(outcome).__name__}: {outcome}"
            faults.append(Unscored(name, item.case.id, reason))
        else:
            assert outcome is NotApplicable
            value, reason = None, "does not apply"
        if value is not None and failure is None:
            if step.kind == "gate":
                closed = closed or (name if value < 1 else None)
            elif right or step.kind != "craft":
                contribution = step.weight * value
                total += contribution
        components[name] = Component(name, value, reason, step.weight, contribution)
    result = None if faults else plan.floor if closed else total
    return Scorecard(item.case.id, item.ruling, result, components, closed, tuple(faults), right)


def _is_right(item: Item) -> bool | None:
    if item.gold is None or item.gold.verdict is None:
        return None
    return isinstance(item.ruling, Ruling) and item.gold.accepts(item.ruling.verdict)


def _report_faults(cards: Sequence[Scorecard]) -> None:
    """Warns of every reward that failed: on how many completions, and how it failed on the first."""
    for name, count in count_faults(cards).items():
        first = next(fault for card in cards for fault in card.unscored if fault.reward == name)
        logger.warning(
            "reward '%s' failed on %d of %d completions, which stay unscored; first on case '%s': %s",
            *(name, count, len(cards), first.case, first.error),
        )
