"""Scores completions by a rubric's plan: each is parsed once, each reward is asked once for the whole batch.

A fault makes a total None only where it could have made a difference, so that a completion which has lost craft cannot
unscore itself by making a craft reward fail:

1. What is no ruling, or closes a gate, earns the floor, whatever else fails: another gate too.
2. A gate that fails where none is closed leaves open which it is: the total is None.
3. Where the verdict is not right, craft adds nothing, and its faults are without effect.
4. Any other fault makes the total None.

Gates are therefore asked first. Under 1, and where the verdict is wrong, a model that judges craft is not asked. Where
gold has no verdict it is, as what it says may be all that there is to know. Every fault is written down and logged.
"""

import logging
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import NamedTuple

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
    """The scorecards of items, in their order."""
    plans = [plan.for_brief(item.brief) for item in items]
    owners = [id(own) for own in plans]
    rulings = [place for place, item in enumerate(items) if type(item.ruling) is Ruling]
    columns: dict[int, _Column] = {}  # by reward: one that several plans share is asked once

    def ask(steps: Iterable[Step], lost: Sequence[str]) -> None:
        for step in steps:
            if id(step.reward) not in columns:
                uses = [(id(own), use) for own in plan.all for use in own.steps if use.reward is step.reward]
                spares = {own: use.only_where_it_counts for own, use in uses}
                places = range(len(items)) if step.reward.on_failure else rulings
                asked = [i for i in places if owners[i] in spares and not (lost[i] and spares[owners[i]])]
                columns[id(step.reward)] = _ask(step, items, asked)

    ask([step for own in plan.all for step in own.gates], [""] * len(items))
    gates_of = {id(own): [(step.reward.name, columns[id(step.reward)]) for step in own.gates] for own in plan.all}
    with collector_paused():
        standings = [
            _Standing(_closed(item, gates_of[id(own)], place), _is_right(item))
            for place, (own, item) in enumerate(zip(plans, items, strict=True))
        ]
    ask([step for own in plan.all for step in own.steps], [standing.lost for standing in standings])
    columns_of = {id(own): [columns[id(step.reward)] for step in own.steps] for own in plan.all}
    with collector_paused():
        cards = [
            _card(own, item, standing, [column[place] for column in columns_of[id(own)]])
            for place, (own, item, standing) in enumerate(zip(plans, items, standings, strict=True))
        ]
    _report_faults(cards)
    return cards


_Column = list[Outcome | Exception | None]
"""What a reward says of each item: None where it is not asked, an exception where it failed."""


class _Standing(NamedTuple):
    """How a completion stands when the gates have been asked."""

    closed: str | None
    """The gate that is closed."""
    right: bool | None
    """Whether the verdict is right; None where gold has none."""

    @property
    def lost(self) -> str:
        """Why craft can add nothing, whatever it is worth; empty where it can, and where gold does not tell."""
        if self.closed is not None:
            return f"gate '{self.closed}' is closed"
        return "the verdict is wrong" if self.right is False else ""


def _closed(item: Item, gates: Sequence[tuple[str, _Column]], place: int) -> str | None:
    if isinstance(item.ruling, ParseFailure):
        return FORMAT
    for name, column in gates:
        outcome = column[place]
        value = outcome.value if isinstance(outcome, Score) else outcome if isinstance(outcome, float) else 1.0
        if value < 1:
            return name
    return None


def _ask(step: Step, items: Sequence[Item], asked: Sequence[int]) -> _Column:
    reward = step.reward
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


def _card(plan: Plan, item: Item, standing: _Standing, outcomes: Sequence[Outcome | Exception | None]) -> Scorecard:
    failure = item.ruling if isinstance(item.ruling, ParseFailure) else None
    closed, right = standing
    components: dict[str, Component] = {}
    faults: list[Unscored] = []
    decided = True
    total = 0.0
    for step, outcome in zip(plan.steps, outcomes, strict=True):
        name = step.reward.name
        counts = right or step.kind != "craft"
        contribution = 0.0
        value: float | None
        applies: bool | None = True
        if isinstance(outcome, float):
            value, reason = outcome, ""
        elif isinstance(outcome, Score):
            value, reason = outcome.value, outcome.reason
        elif outcome is None and failure is not None:
            value, reason, applies = step.reward.range[0], f"not a ruling: {failure.reason.value}", None
        elif outcome is None:
            assert standing.lost
            value, reason, applies = None, f"not asked: {standing.lost}", None
        elif isinstance(outcome, Exception):
            value, reason, applies = None, f"{type(outcome).__name__}: {outcome}", None
            faults.append(Unscored(name, item.case.id, reason))
            decided = decided and not counts
        else:
            assert outcome is NotApplicable
            value, reason, applies = None, "does not apply", False
        if value is not None and failure is None and counts:
            contribution = step.weight * value
            total += contribution
        components[name] = Component(name, value, reason, step.weight, contribution, applies)
    result = plan.floor if closed else total if decided else None
    return Scorecard(item.case.id, item.ruling, result, components, closed, tuple(faults), right)


def _is_right(item: Item) -> bool | None:
    if item.gold is None or item.gold.verdict is None:
        return None
    return isinstance(item.ruling, Ruling) and item.gold.accepts(item.ruling.verdict)


def _report_faults(cards: Sequence[Scorecard]) -> None:
    """Warns of every reward that failed: on how many completions, and how it failed on the first."""
    for name, count in count_faults(cards).items():
        failed = [card for card in cards if name in card.errors]
        logger.warning(
            "reward '%s' failed on %d of %d completions, of which %d stay unscored; first on case '%s': %s",
            *(name, count, len(cards), sum(card.total is None for card in failed)),
            *(failed[0].case, failed[0].errors[name]),
        )
