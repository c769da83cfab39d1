"""Forecast: how much there would be to learn under a rubric, before any training.

A group whose completions all earn the same teaches nothing: no advantage, no gradient. So what counts is how the
totals are spread *within* groups, and which reward spreads them: a loud one drowns the others.
"""

import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rewards.hindsight.rescoring import Earned, Group, Rescored, totals_of

ROUNDING = 1e-9
"""Totals that differ by less are the same."""
FLOOR = "floor"
"""How `Outlook.shares` calls what closed gates do."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What training on these rollouts would see under one rubric. Shares are of 0..1."""

    groups: int
    """Groups with at least two scored completions: the others teach nothing under any rubric."""
    flat: float
    """Share of those groups whose completions all earn the same total: zero variance, zero advantage."""
    spread: float
    """Standard deviation (population) of the totals within a group: mean over the groups."""
    total: float | None
    """Mean of the totals; None where nothing is scored."""
    parsed: float
    """Share of the completions that are a ruling."""
    closed: float | None
    """Share of the completions that earn the floor; None where that is not known."""
    unscored: float
    """Share of the completions on which a reward failed."""
    shares: dict[str, float] | None
    """Each reward's share of the variance of the totals within groups, ``Σ cov(contribution, total) / Σ var(total)``;
    they sum to 1 with ``floor``, what a closed gate takes from the sum of the contributions. Below 0: the reward pulls
    against the rest. None where contributions are not known."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Two rubrics' outlooks on the same rollouts."""

    completions: int
    old: Outlook
    new: Outlook


def forecast(groups: Sequence[Group]) -> Forecast:
    """What the old and the new rubric would give training to learn from."""
    answers = [answer for group in groups for answer in group.members]
    parsed = _share([answer.parsed for answer in answers])
    return Forecast(
        completions=len(answers),
        old=_outlook(groups, parsed, lambda answer: answer.old),
        new=_outlook(groups, parsed, lambda answer: answer.new),
    )


def _outlook(groups: Sequence[Group], parsed: float, side: Callable[[Rescored], Earned]) -> Outlook:
    earned = [[side(answer) for answer in group.members] for group in groups]
    every = [one for members in earned for one in members]
    scored = [[one for one in members if one.total is not None] for members in earned]
    rivals = [members for members in scored if len(members) > 1]
    spreads = [statistics.pstdev(totals_of(members)) for members in rivals]
    totals = totals_of(every)
    known = all(one.contributions is not None for one in every)
    return Outlook(
        groups=len(rivals),
        flat=_share([spread <= ROUNDING for spread in spreads]),
        spread=statistics.fmean(spreads) if spreads else 0.0,
        total=statistics.fmean(totals) if totals else None,
        parsed=parsed,
        closed=_share([bool(one.closed) for one in every]) if known else None,
        unscored=_share([one.total is None for one in every]),
        shares=_shares(rivals) if known else None,
    )


def _shares(groups: Sequence[Sequence[Earned]]) -> dict[str, float]:
    covariance: dict[str, float] = defaultdict(float)
    variance = 0.0
    for members in groups:
        mean = statistics.fmean(totals_of(members))
        for one in members:
            assert one.total is not None and one.contributions is not None
            distance = one.total - mean
            variance += distance * one.total
            for name, contribution in one.contributions.items():
                covariance[name] += distance * contribution
            covariance[FLOOR] += distance * (one.total - sum(one.contributions.values()))
    return {name: value / variance for name, value in covariance.items()} if variance > ROUNDING else {}


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0
