"""Scores completions by a rubric's plan: each is parsed once, each reward asked once."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from data import Case, Rulebook, Ruling
from prompts import ParseFailure, parse
from rewards.reward import Reward
from rewards.score import NotApplicable, Score, Unscored
from rewards.scorecard import Component, Scorecard, count_faults

logger = logging.getLogger(__name__)

FORMAT = "format"
"""The gate that a completion passes by being a ruling."""


@dataclass(frozen=True, slots=True)
class Step:
    """A reward, and what its value does to the total."""

    reward: Reward
    kind: Literal["gate", "verdict", "calibration", "craft", "penalty"]
    weight: float = 0.0
    """Factor in the total: negative for penalties, 0 for gates."""


@dataclass(frozen=True)
class Plan:
    """A rubric's rewards, ready to be called."""

    steps: tuple[Step, ...]
    floor: float
    """The total of a parse failure or a closed gate."""


def score(plan: Plan, completion: str | Ruling | ParseFailure, case: Case, excerpt: Rulebook) -> Scorecard:
    """One completion's scorecard. A reward that raises is written down on it and makes the total None."""
    ruling = parse(completion) if isinstance(completion, str) else completion
    parsed = not isinstance(ruling, ParseFailure)
    right = isinstance(ruling, Ruling) and _is_right(ruling, case, excerpt)
    components: dict[str, Component] = {}
    faults: list[Unscored] = []
    closed = None if parsed else FORMAT
    total = 0.0
    for step in plan.steps:
        reward = step.reward
        value: float | None = None
        contribution = 0.0
        try:
            value, reason = _ask(reward, ruling, case, excerpt)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            faults.append(Unscored(reward.name, case.id, reason))
        if value is not None and parsed:
            if step.kind == "gate":
                closed = closed or (reward.name if value < 1 else None)
            elif right or step.kind != "craft":
                contribution = step.weight * value
                total += contribution
        components[reward.name] = Component(reward.name, value, reason, step.weight, contribution)
    result = None if faults else plan.floor if closed else total
    return Scorecard(case.id, ruling, result, components, closed, tuple(faults))


def score_many(plan: Plan, completions: Sequence[str], cases: Sequence[Case], book: Rulebook) -> list[Scorecard]:
    """The scorecards of many completions, one case to each; faults are logged once for each reward.

    Raises:
        ValueError: the two are not of one length.
    """
    if len(completions) != len(cases):
        raise ValueError(f"{len(completions)} completions for {len(cases)} cases: want one case to each")
    excerpts: dict[int, Rulebook] = {}
    cards = []
    for completion, case in zip(completions, cases, strict=True):
        excerpt = excerpts.get(id(case))
        if excerpt is None:
            excerpt = excerpts[id(case)] = book.excerpt(case.rules)
        cards.append(score(plan, completion, case, excerpt))
    report_faults(cards)
    return cards


def report_faults(cards: Sequence[Scorecard]) -> None:
    """Warns of every reward that failed: on how many completions, and how it failed on the first."""
    for name, count in count_faults(cards).items():
        first = next(fault for card in cards for fault in card.unscored if fault.reward == name)
        logger.warning(
            "reward '%s' failed on %d of %d completions, which stay unscored; first on case '%s': %s",
            *(name, count, len(cards), first.case, first.error),
        )


def _is_right(ruling: Ruling, case: Case, excerpt: Rulebook) -> bool:
    gold = case.gold_for(excerpt)
    return gold is not None and gold.verdict is not None and gold.accepts(ruling.verdict)


def _ask(reward: Reward, ruling: Any, case: Case, excerpt: Rulebook) -> tuple[float | None, str]:
    """The value and the reason; None where the reward does not apply."""
    if isinstance(ruling, ParseFailure) and not reward.on_failure:
        return reward.range[0], f"not a ruling: {ruling.reason.value}"
    outcome = reward(ruling, case, excerpt)
    if isinstance(outcome, Score):
        return outcome.value, outcome.reason
    if isinstance(outcome, type):
        assert outcome is NotApplicable
        return None, "does not apply"
    return outcome, ""
