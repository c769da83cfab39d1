"""Pairs: of the rulings that a policy wrote on one case, which one earned more. What a reward model learns from.

Better rulings are often longer, and how long a ruling is is the easiest thing to learn. So pairs are matched by length:
of those whose rulings differ about as much, the longer one is the better one exactly as often as the shorter one, and
whoever goes by length alone is right in half of them.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from data import Briefs, DataError, Ruling
from data.splits import split
from prompts import parse, write
from rewards.hindsight.rescoring import Group
from rl.runs.preferences import Preference

TRAIN, TEST = "train", "test"


@dataclass(frozen=True)
class Wanted:
    """Which pairs to make."""

    margin: float = 0.1
    """By how much one total has to be above the other; what is closer is a tie."""
    most: int = 4
    """Pairs of one case, drawn among all that there are: many say much the same."""
    held_out: float = 0.2
    """The share of cases, by whole groups, whose pairs are kept to measure with."""
    match_lengths: bool = True
    seed: int = 0


@dataclass(frozen=True)
class Pairs:
    """Pairs for training and for measuring, and what became of the rest."""

    train: list[Preference]
    test: list[Preference]
    rollouts: int
    no_ruling: int
    """Rollouts that state no ruling: they stand in no pair."""
    unscored: int
    """Rollouts without a total."""
    ties: int
    """Pairs that are closer than the margin, or twice the same ruling."""
    crowded: int
    """Pairs left out because their case had the most already."""
    unmatched: int
    """Pairs left out so that length decides nothing."""


def make_pairs(groups: Sequence[Group], briefs: Briefs, wanted: Wanted) -> Pairs:
    """Pairs of the rulings in each group, by their new totals.

    Args:
        groups: the rollouts, as `rewards.rescore` gives them.
        briefs: of the cases that they are about; there may be more.

    Raises:
        DataError: there are no pairs, or of too few groups of cases to hold any out.
    """
    draw = random.Random(wanted.seed)
    by_case: dict[str, list[Preference]] = defaultdict(list)
    no_ruling = unscored = ties = 0
    for group in groups:
        rulings: dict[str, tuple[Ruling, float]] = {}
        for member in group.members:
            ruling = parse(member.rollout.episode.completion)
            if not isinstance(ruling, Ruling):
                no_ruling += 1
            elif member.new.total is None:
                unscored += 1
            else:
                rulings.setdefault(write(ruling), (ruling, member.new.total))
        for one, other in combinations(rulings.values(), 2):
            (chosen, high), (rejected, low) = sorted((one, other), key=lambda pair: -pair[1])
            if high - low < max(wanted.margin, 1e-9):
                ties += 1
            else:
                by_case[group.case].append(Preference(group.case, chosen, rejected, round(high - low, 6)))
    found = {case: draw.sample(pairs, min(wanted.most, len(pairs))) for case, pairs in by_case.items()}
    if not found:
        raise DataError(
            f"no two rulings on one case are {wanted.margin:g} apart: lower --margin, or take other rollouts"
        )
    cases = [briefs[case].case for case in found]
    if len({case.cluster for case in cases}) < 2:
        raise DataError("the pairs are all about one group of cases, so none could be held out")
    parts = split(cases, {TRAIN: 1 - wanted.held_out, TEST: wanted.held_out}, wanted.seed)
    drawn = {name: [pair for case in part for pair in found[case.id]] for name, part in parts.items()}
    kept = {name: matched(pairs, draw) if wanted.match_lengths else pairs for name, pairs in drawn.items()}
    for name, pairs in kept.items():
        if not pairs:
            raise DataError(f"no pairs are left for '{name}': take more rollouts, or do without matching by length")
    return Pairs(
        **kept,
        rollouts=sum(len(group.members) for group in groups),
        no_ruling=no_ruling,
        unscored=unscored,
        ties=ties,
        crowded=sum(map(len, by_case.values())) - sum(map(len, found.values())),
        unmatched=sum(map(len, drawn.values())) - sum(map(len, kept.values())),
    )


def longer_by(pair: Preference) -> int:
    """How many letters the better ruling is longer, as a reward model reads them; below 0 where it is shorter."""
    return len(write(pair.chosen)) - len(write(pair.rejected))


def matched(pairs: Sequence[Preference], draw: random.Random) -> list[Preference]:
    """As many of the pairs, in their order, as make length worthless.

    Differences are put in bins that double in width, and of each bin the more frequent sign loses what it has too
    much, by lot.
    """
    bins: dict[tuple[int, bool], list[int]] = defaultdict(list)
    kept = []
    for place, pair in enumerate(pairs):
        if by := longer_by(pair):
            bins[abs(by).bit_length(), by > 0].append(place)
        else:
            kept.append(place)
    for width in {width for width, _ in bins}:
        longer, shorter = bins[width, True], bins[width, False]
        for places in (longer, shorter):
            kept += draw.sample(places, min(len(longer), len(shorter)))
    return [pairs[place] for place in sorted(kept)]
