"""Yesterday's rollouts under today's rubric: what each completion earned, and what it would earn now.

Training compares a completion with the others on its case, so rescored rollouts come in groups: the completions that
were drawn for one case at one step.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from data import Brief, Briefs, DataError
from data.errors import suggest
from prompts import Episode
from rewards.hindsight.batches import Batches
from rewards.score import Unscored
from rewards.scoring.rubric import Rubric
from rewards.scoring.scorecard import Scorecard


class Saved(Protocol):
    """A rollout as a run saved it; `rl.runs.rollouts.Rollout` is one."""

    @property
    def step(self) -> int:
        """How many optimiser steps the policy had behind it."""

    @property
    def episode(self) -> Episode:
        """What the policy wrote, and about which case."""

    @property
    def total(self) -> float | None: ...

    @property
    def rewards(self) -> Mapping[str, float | None]:
        """Every reward's value by name."""


@dataclass(frozen=True, slots=True)
class Earned:
    """What one rubric gives a completion."""

    total: float | None
    """None: unscored."""
    values: Mapping[str, float | None]
    """Every reward's value by name; None where it does not apply, failed or was not asked."""
    contributions: Mapping[str, float] | None = None
    """What each reward adds to the total. Rollouts do not save it: None there."""
    closed: bool | None = None
    """Whether a gate is closed (or there is no ruling), so that the total is the floor. Not saved in rollouts."""
    faults: tuple[Unscored, ...] = ()
    """The rewards that failed on it. Not saved in rollouts either."""

    @classmethod
    def by(cls, card: Scorecard) -> "Earned":
        """What a scorecard says."""
        contributions = {name: component.contribution for name, component in card.components.items()}
        return cls(card.total, card.values, contributions, card.closed is not None, card.unscored)


def totals_of(earned: Iterable[Earned]) -> list[float]:
    """The totals of those that are scored."""
    return [one.total for one in earned if one.total is not None]


@dataclass(frozen=True, slots=True)
class Rescored:
    """A completion, and what the two rubrics give it."""

    rollout: Saved
    parsed: bool
    old: Earned
    new: Earned


@dataclass(frozen=True, slots=True)
class Group:
    """The completions that were drawn for one case at one step."""

    step: int
    case: str
    members: tuple[Rescored, ...]


def rescore(
    rollouts: Sequence[Saved],
    briefs: Briefs,
    new: Rubric,
    old: Rubric | None = None,
    steps: int | None = None,
    advance: Callable[[int], object] = lambda done: None,
) -> list[Group]:
    """Scores saved rollouts anew, step by step, in batches that no time limit cuts short; see `hindsight.batches`.

    Args:
        briefs: of the cases that the rollouts are about; there may be more.
        old: the rubric to compare with; None takes what the run saved, which says nothing of gates and weights.
        steps: how many the training had, for rubrics with schedules; None takes one more than the last rollout's.
        advance: told the number of rollouts that have been done since it was last told.

    Returns:
        The groups, in the order in which they were begun.

    Raises:
        DataError: there is no case of a rollout's id, or a rubric has overrides for a category that the book has not.
    """
    for rubric in (new, old):
        if rubric is not None:
            rubric.check_categories(briefs.book)
    found: list[Rescored] = []
    drawn = _by_step(rollouts)
    steps = steps or max(drawn, default=0) + 1
    rubrics = [new] if old is None else [new, old]
    batches = Batches.under(*rubrics)
    for step, taken in drawn.items():
        about = [_brief(rollout, briefs) for rollout in taken]
        standing = [rubric.at(min(step / steps, 1.0)) for rubric in rubrics]
        left = iter(taken)
        for cards, *before in batches.score(standing, [rollout.episode for rollout in taken], about):
            for place, card in enumerate(cards):
                rollout = next(left)
                earned = Earned.by(before[0][place]) if before else Earned(rollout.total, rollout.rewards)
                found.append(Rescored(rollout, card.parsed, earned, Earned.by(card)))
            advance(len(cards))
    return _groups(found)


def _by_step(rollouts: Sequence[Saved]) -> dict[int, list[Saved]]:
    steps: dict[int, list[Saved]] = {}
    for rollout in rollouts:
        steps.setdefault(rollout.step, []).append(rollout)
    return steps


def _brief(rollout: Saved, briefs: Briefs) -> Brief:
    case = rollout.episode.case
    if case not in briefs:
        near = suggest(case, [brief.id for brief in briefs])
        raise DataError(f"the rollouts have a case '{case}' (step {rollout.step}) that the data have not{near}")
    return briefs[case].with_rules(rollout.episode.looked_up, briefs.book)


def _groups(answers: Sequence[Rescored]) -> list[Group]:
    groups: list[tuple[int, str, list[Rescored]]] = []
    open_: dict[tuple[int, str], list[Rescored]] = {}
    for answer in answers:
        episode = answer.rollout.episode
        key = (answer.rollout.step, episode.case)
        members = open_.get(key)
        # A case that is drawn for twice at one step counts its completions from 0 again.
        if members is None or episode.sample <= members[-1].rollout.episode.sample:
            members = open_[key] = []
            groups.append((*key, members))
        members.append(answer)
    return [Group(step, case, tuple(members)) for step, case, members in groups]
