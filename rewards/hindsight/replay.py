"""Replay: what moves when yesterday's rollouts are scored by today's rubric.

Only order and distance *within* a group reach the policy, so that is where to look: pairs of completions that change
places, groups in which another completion is best, and completions that training would push the other way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from rewards.hindsight.forecast import ROUNDING
from rewards.hindsight.rescoring import Group, Rescored, totals_of


@dataclass(frozen=True, slots=True)
class Pairs:
    """What becomes of pairs of completions in one group, counted over all groups."""

    kept: int = 0
    """In the same order under both rubrics, or tied under both."""
    swapped: int = 0
    """In the opposite order."""
    tied: int = 0
    """Told apart by the old rubric, tied under the new one."""
    parted: int = 0
    """Tied under the old rubric, told apart by the new one."""

    @property
    def count(self) -> int:
        return self.kept + self.swapped + self.tied + self.parted


@dataclass(frozen=True, slots=True)
class Moved:
    """How one reward's values changed."""

    old: float | None
    """Mean under the old rubric; None where that has no such reward, or it never applied."""
    new: float | None
    changed: float | None
    """Share of completions whose value changed, of those that have one under both; None where no completion has."""


@dataclass(frozen=True, slots=True)
class Overturn:
    """A group in which another completion has become the best."""

    group: Group
    before: Rescored
    """The best under the old rubric; the first of several."""
    after: Rescored
    """The best under the new rubric."""

    @property
    def margin(self) -> float:
        """By how much the new rubric prefers the one to the other."""
        assert self.after.new.total is not None and self.before.new.total is not None
        return self.after.new.total - self.before.new.total


@dataclass(frozen=True, slots=True)
class Replay:
    """What the new rubric changes on saved rollouts."""

    groups: int
    """Groups with at least two completions that both rubrics scored."""
    spearman: float | None
    """Rank correlation of old and new totals, ties at their mean rank; mean over the groups in which both vary."""
    kendall: float | None
    """Kendall's tau-b (Kendall 1945, which corrects for ties); mean over the same groups."""
    correlated: int
    """How many groups those are."""
    pairs: Pairs
    overturned: tuple[Overturn, ...]
    """Groups whose best completions are others, the largest margin first."""
    turned: float
    """Share of completions on the other side of their group's mean: training would push them the other way."""
    rewards: dict[str, Moved]
    """Every reward of either rubric by name."""
    total: Moved


def replay(groups: Sequence[Group]) -> Replay:
    """What moves between the old and the new totals of rescored groups."""
    rivals = [scored for group in groups if len(scored := _scored(group)) > 1]
    totals = [_totals(members) for members in rivals]
    correlations = [found for old, new in totals if (found := _correlations(old, new)) is not None]
    answers = [answer for group in groups for answer in group.members]
    names = dict.fromkeys(name for answer in answers for side in (answer.new, answer.old) for name in side.values)
    overturned = [overturn for group in groups if (overturn := _overturn(group)) is not None]
    turned = [flag for old, new in totals for flag in _turned(old, new)]
    return Replay(
        groups=len(rivals),
        spearman=_mean([spearman for spearman, _ in correlations]),
        kendall=_mean([kendall for _, kendall in correlations]),
        correlated=len(correlations),
        pairs=_pairs(totals),
        overturned=tuple(sorted(overturned, key=lambda overturn: -overturn.margin)),
        turned=_mean(turned) or 0.0,
        rewards={name: _moved([(a.old.values.get(name), a.new.values.get(name)) for a in answers]) for name in names},
        total=_moved([(answer.old.total, answer.new.total) for answer in answers]),
    )


def _scored(group: Group) -> list[Rescored]:
    return [m for m in group.members if m.old.total is not None and m.new.total is not None]


def _totals(members: Sequence[Rescored]) -> tuple[list[float], list[float]]:
    return totals_of(m.old for m in members), totals_of(m.new for m in members)


def _correlations(old: Sequence[float], new: Sequence[float]) -> tuple[float, float] | None:
    """Spearman's and Kendall's; None where one of the two does not vary."""
    from scipy.stats import kendalltau, spearmanr

    old, new = _rounded(old), _rounded(new)
    if len(set(old)) < 2 or len(set(new)) < 2:
        return None
    return float(spearmanr(old, new).statistic), float(kendalltau(old, new).statistic)


def _pairs(totals: Sequence[tuple[Sequence[float], Sequence[float]]]) -> Pairs:
    kept = swapped = tied = parted = 0
    for old, new in totals:
        for (old_a, new_a), (old_b, new_b) in combinations(zip(_rounded(old), _rounded(new), strict=True), 2):
            before, after = _sign(old_a - old_b), _sign(new_a - new_b)
            if before == after:
                kept += 1
            elif not after:
                tied += 1
            elif not before:
                parted += 1
            else:
                swapped += 1
    return Pairs(kept, swapped, tied, parted)


def _overturn(group: Group) -> Overturn | None:
    members = _scored(group)
    if not members:
        return None
    old, new = map(_rounded, _totals(members))
    best_old = [i for i, total in enumerate(old) if total == max(old)]
    best_new = [i for i, total in enumerate(new) if total == max(new)]
    if set(best_old) & set(best_new):
        return None
    return Overturn(group, members[best_old[0]], members[best_new[0]])


def _turned(old: Sequence[float], new: Sequence[float]) -> Iterator[bool]:
    old_mean, new_mean = sum(old) / len(old), sum(new) / len(new)
    for before, after in zip(old, new, strict=True):
        yield _sign(round(before - old_mean, 9)) * _sign(round(after - new_mean, 9)) < 0


def _moved(values: Sequence[tuple[float | None, float | None]]) -> Moved:
    both = [(old, new) for old, new in values if old is not None and new is not None]
    return Moved(
        old=_mean([old for old, _ in values if old is not None]),
        new=_mean([new for _, new in values if new is not None]),
        changed=_mean([abs(old - new) > ROUNDING for old, new in both]),
    )


def _rounded(totals: Sequence[float]) -> list[float]:
    """Sums of floats that differ in rounding only become the same."""
    return [round(total, 9) for total in totals]


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
