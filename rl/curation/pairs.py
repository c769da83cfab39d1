"""Pairs: of the rulings that were written on one case, which one earns more. What a reward model learns from.

Better rulings are often longer, and how long a ruling is is the easiest thing to learn. So pairs are matched by
length: among those whose rulings differ about as much, the longer one is better exactly as often as the shorter one,
and whoever goes by length alone is right in half of them.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from data import Briefs, DataError, Ruling, suggest
from data.splits import split
from prompts import write
from rewards import Rubric, Scorecard
from rewards.hindsight.batches import Batches
from rl.runs.preferences import Preference
from rl.runs.written import Written, brief_of


@dataclass(frozen=True)
class Wanted:
    """Which pairs to make."""

    by: str | None = None
    """The reward that says which of two rulings is better, such as ``judge``; None takes the rubric's total."""
    margin: float = 0.1
    """By how much one has to be above the other; what is closer is a tie."""
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
    left_out: Mapping[str, int]
    """How many completions or pairs, by why they are in none."""


def make_pairs(
    written: Sequence[Written],
    briefs: Briefs,
    rubric: Rubric,
    wanted: Wanted,
    advance: Callable[[int], object] = lambda done: None,
) -> Pairs:
    """Pairs of the rulings on each case that the completions hold.

    Args:
        briefs: of the cases that they are about; there may be more.
        rubric: what says which ruling is better; of one with schedules, what it is in the end.
        advance: told the number of completions that have been scored since it was last told.

    Raises:
        DataError: there are no pairs, or of too few groups of cases to hold any out; the rubric has no such reward; or
            there is no case of a completion's id.
    """
    rulings, unpaired = _rated(written, briefs, rubric.at(1.0), wanted.by, advance)
    draw = random.Random(wanted.seed)
    found: dict[str, list[Preference]] = {}
    ties = crowded = 0
    for case, rated in rulings.items():
        pairs, close = _ordered(case, rated, wanted.margin)
        ties += close
        crowded += max(0, len(pairs) - wanted.most)
        if pairs:
            found[case] = draw.sample(pairs, min(wanted.most, len(pairs)))
    if not found:
        raise DataError(f"no two rulings on one case are {wanted.margin:g} apart: lower the margin, or draw more")
    train, test = _apart(found, briefs, wanted)
    kept = (matched(train, draw), matched(test, draw)) if wanted.match_lengths else (train, test)
    if not all(kept):
        raise DataError("too few pairs are left to learn from some and measure with others: draw more completions")
    unmatched = len(train) + len(test) - sum(map(len, kept))
    left_out = {
        **unpaired,
        "closer than the margin": ties,
        "of a case that has enough": crowded,
        "so that length decides nothing": unmatched,
    }
    return Pairs(*kept, left_out)


def matched(pairs: Sequence[Preference], draw: random.Random) -> list[Preference]:
    """As many of the pairs, in their order, as leave length worthless.

    Differences are put in bins that double in width. Of each bin, the sign that is there more often loses by lot what
    it has more.
    """
    bins: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    kept = []
    for place, pair in enumerate(pairs):
        if by := pair.longer_by:
            bins[abs(by).bit_length()][by > 0].append(place)
        else:
            kept.append(place)
    for shorter, longer in bins.values():
        count = min(len(shorter), len(longer))
        kept += [*draw.sample(shorter, count), *draw.sample(longer, count)]
    return [pairs[place] for place in sorted(kept)]


Rated = dict[str, tuple[Ruling, float]]
"""Rulings on one case and what they earn, by the text that states them: one that was written twice is one."""


def _rated(
    written: Sequence[Written], briefs: Briefs, rubric: Rubric, by: str | None, advance: Callable[[int], object]
) -> tuple[dict[str, Rated], dict[str, int]]:
    """The rulings on each case, and how many completions are in no pair, by why."""
    names = {entry.name for own in (rubric, *rubric.by_category.values()) for entry in own.entries}
    if by is not None and by not in names:
        raise DataError(f"rubric '{rubric.name}' has no reward '{by}'{suggest(by, names)}", field="by")
    rubric.check_categories(briefs.book)
    about = [brief_of(one, briefs) for one in written]
    rulings: dict[str, Rated] = defaultdict(dict)
    no_ruling = unscored = 0
    for (cards,) in Batches.under(rubric).score([rubric], [one.completion for one in written], about):
        for card in cards:
            earned = _earned(card, by)
            if not isinstance(card.ruling, Ruling):
                no_ruling += 1
            elif earned is None:
                unscored += 1
            else:
                rulings[card.case].setdefault(write(card.ruling), (card.ruling, earned))
        advance(len(cards))
    return rulings, {"no ruling": no_ruling, "unscored": unscored}


def _earned(card: Scorecard, by: str | None) -> float | None:
    return card.total if by is None else card.values.get(by)


def _ordered(case: str, rated: Rated, margin: float) -> tuple[list[Preference], int]:
    """All pairs of a case that are far enough apart, and how many are not."""
    pairs, close = [], 0
    for both in combinations(rated.values(), 2):
        (rejected, low), (chosen, high) = sorted(both, key=lambda one: one[1])
        if high - low >= margin and high > low:
            pairs.append(Preference(case, chosen, rejected, round(high - low, 6)))
        else:
            close += 1
    return pairs, close


def _apart(
    found: Mapping[str, Sequence[Preference]], briefs: Briefs, wanted: Wanted
) -> tuple[list[Preference], list[Preference]]:
    """Pairs to learn from and pairs to measure with, those of one group of cases on one side."""
    parts = split(
        [briefs[case].case for case in found],
        {"train": 1 - wanted.held_out, "test": wanted.held_out},
        wanted.seed,
    )
    train, test = ([pair for case in part for pair in found[case.id]] for part in parts.values())
    return train, test
