"""Scores completions by a rubric's plan: each is parsed once, each reward is asked once for the whole batch.

Completions of a batch that read alike, on one case, are parsed once, and plain rewards, which are pure functions, are
asked about the first of them alone. A `BatchReward` sees them all: how many say the same may be what it looks at.

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
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from functools import cache

from data import Brief, Ruling
from prompts import Episode, ParseFailure, parse
from rewards.batch import Answer, Item
from rewards.reward import Reward
from rewards.score import Outcome, RewardError, Score, Unscored
from rewards.scoring.component import Components, Said, number_of, why_lost
from rewards.scoring.plan import Plan, Step
from rewards.scoring.scorecard import Scorecard, count_faults
from rewards.scoring.timing import collector_back, collector_paused, within

logger = logging.getLogger(__name__)

FORMAT = "format"
"""The gate that a completion passes by being a ruling."""

_Column = list[Said]
"""What a reward says of each item."""


@collector_paused()
def score_answers(plan: Plan, answers: Sequence[Answer | Episode], briefs: Sequence[Brief]) -> list[Scorecard]:
    """The scorecards of answers, parsed here, one brief to each.

    Raises:
        ValueError: the two are not of one length.
    """
    if len(answers) != len(briefs):
        raise ValueError(f"{len(answers)} completions for {len(briefs)} briefs: want one brief to each")
    read = cache(parse)
    return score_items(plan, [Item.of(answer, brief, read) for answer, brief in zip(answers, briefs, strict=True)])


@collector_paused()
def score_items(plan: Plan, items: Sequence[Item]) -> list[Scorecard]:
    """The scorecards of items, in their order."""
    plans = [plan.for_brief(item.brief) for item in items]
    owners = [id(own) for own in plans]
    rulings: Sequence[int] = [place for place, item in enumerate(items) if type(item.ruling) is Ruling]
    repeated = _repeated(items)
    columns: dict[int, _Column] = {}  # by reward: one that several plans share is asked once

    def ask(steps: Iterable[Step], is_lost: Callable[[int], bool]) -> None:
        for step in steps:
            if id(step.reward) not in columns:
                uses = [(id(own), use) for own in plan.all for use in own.steps if use.reward is step.reward]
                spares = {own: use.only_where_it_counts for own, use in uses}
                asked = range(len(items)) if step.reward.on_failure else rulings
                if plan.overrides or step.only_where_it_counts:
                    asked = [i for i in asked if owners[i] in spares and not (spares[owners[i]] and is_lost(i))]
                columns[id(step.reward)] = _ask(step, items, asked, repeated)

    ask((step for own in plan.all for step in own.gates), lambda place: False)
    gates_of = {id(own): [(step.reward.name, columns[id(step.reward)]) for step in own.gates] for own in plan.all}
    closed = [_closed(item, gates_of[owners[place]], place) for place, item in enumerate(items)]
    right = [_is_right(item) for item in items]
    ask((step for own in plan.all for step in own.steps), lambda place: why_lost(closed[place], right[place]) != "")
    cards: dict[int, Scorecard] = {}
    for own in plan.all:
        places = [place for place, owner in enumerate(owners) if owner == id(own)]
        rows = zip(*(map(columns[id(step.reward)].__getitem__, places) for step in own.steps), strict=True)
        for place, said in zip(places, rows, strict=True):
            cards[place] = _card(own, items[place], closed[place], right[place], said)
    in_order = [cards[place] for place in range(len(items))]
    _report_faults(in_order)
    return in_order


def _repeated(items: Sequence[Item]) -> dict[int, int]:
    """The places of items that repeat one before them, the very same ruling on the very same brief, and its place."""
    first: dict[tuple[int, int], int] = {}
    at = [first.setdefault((id(item.ruling), id(item.brief)), place) for place, item in enumerate(items)]
    return {place: one for place, one in enumerate(at) if one != place} if len(first) < len(items) else {}


def _closed(item: Item, gates: Sequence[tuple[str, _Column]], place: int) -> str | None:
    if isinstance(item.ruling, ParseFailure):
        return FORMAT
    for name, column in gates:
        value = number_of(column[place])
        if value is not None and value < 1:
            return name
    return None


def _is_right(item: Item) -> bool | None:
    gold = item.gold
    if gold is None or gold.verdict is None:
        return None
    return isinstance(item.ruling, Ruling) and gold.accepts(item.ruling.verdict)


def _ask(step: Step, items: Sequence[Item], asked: Sequence[int], repeated: Mapping[int, int]) -> _Column:
    reward = step.reward
    is_plain = isinstance(reward, Reward)
    first = [i for i in asked if i not in repeated] if is_plain and repeated else asked
    outcomes: list[Outcome | Unscored] = []
    fault: Exception | None = None
    try:
        with nullcontext() if is_plain else collector_back():
            within(step.time_limit, lambda: outcomes.extend(reward.outcomes([items[i] for i in first])))
    except RewardError as error:  # of the wrong number: which outcome is whose, nobody knows
        outcomes, fault = [], error
    except Exception as error:
        fault = error
    column: _Column = [None] * len(items)
    for i, outcome in zip(first, outcomes, strict=False):
        column[i] = outcome
    if fault is not None:
        for i in first[len(outcomes) :]:
            column[i] = Unscored.by(fault, reward.name, items[i].case.id, reward.file)
    for i in asked if len(first) < len(asked) else ():
        column[i] = column[repeated.get(i, i)]
    return column


def _card(plan: Plan, item: Item, closed: str | None, right: bool | None, said: tuple[Said, ...]) -> Scorecard:
    faults: tuple[Unscored, ...] = ()
    decided = True
    total = 0.0
    for (weight, is_craft), one in zip(plan.prices, said, strict=True):
        if right or not is_craft:
            if isinstance(one, float):
                total += weight * one
            elif isinstance(one, Score):
                total += weight * one.value
            elif isinstance(one, Unscored):
                decided = False
    if Unscored in map(type, said):
        faults = tuple(one for one in said if isinstance(one, Unscored))
    result = plan.floor if closed else total if decided else None
    components = Components(plan, item.ruling, closed, right, said)
    return Scorecard(item.brief.id, item.ruling, result, components, closed, faults, right)


def _report_faults(cards: Sequence[Scorecard]) -> None:
    """Warns of every reward that failed: on how many completions, and how it failed on the first."""
    for name, count in count_faults(cards).items():
        failed = [card for card in cards if name in card.errors]
        logger.warning(
            "reward '%s' failed on %d of %d completions, of which %d stay unscored; first on case '%s': %s",
            *(name, count, len(cards), sum(card.total is None for card in failed)),
            *(failed[0].case, failed[0].errors[name]),
        )
