"""Confusion: which category of rules is taken for which.

A case may break rules of several categories, and a ruling cite several. What both name is on the diagonal; what only
gold names meets what only the ruling names, and *none* where the other side has nothing left.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rl.evaluation.outcomes import NO_RULING
from rl.evaluation.predictions import Prediction

NONE, OTHER, OUTSIDE = "none", "other", "not in the excerpt"
MOST = 12
"""Most categories of one table; rarer ones are *other*."""


@dataclass(frozen=True)
class Confusion:
    """How often a category of gold met one of the ruling."""

    gold: list[str]
    cited: list[str]
    counts: list[list[int]]
    """One row per category of gold, one column per category cited."""
    cases: Mapping[str, list[tuple[str, str]]]
    """By case, the cells that its first sample is counted in, as (gold's category, the one cited)."""


def category_confusion(
    predictions: Sequence[Prediction], categories: Mapping[str, Mapping[str, str | None]]
) -> Confusion | None:
    """Gold's categories by those that rulings cite; None where no rule has a category.

    Args:
        categories: by case, the category of each rule of its excerpt.
    """
    named = [(prediction, _pairs(prediction, categories[prediction.case])) for prediction in predictions]
    pairs = Counter(pair for _, found in named for pair in found)
    support = Counter(name for of_case in categories.values() for name in set(of_case.values()) if name)
    if not support:
        return None
    frequent = Counter({name: sum(n for pair, n in pairs.items() if name in pair) for name in support})
    kept = sorted(name for name, n in frequent.most_common(MOST) if n)
    folded: Counter[tuple[str, str]] = Counter()
    for (name, other), n in pairs.items():
        folded[_fold(name, kept), _fold(other, kept)] += n
    rows = [name for name in (*kept, OTHER, NONE) if any(pair[0] == name for pair in folded)]
    columns = [name for name in (*kept, OTHER, OUTSIDE, NONE, *NO_RULING) if any(pair[1] == name for pair in folded)]
    cases = {
        prediction.case: list(dict.fromkeys((_fold(name, kept), _fold(other, kept)) for name, other in sorted(found)))
        for prediction, found in named
        if prediction.sample == 0
    }
    return Confusion(rows, columns, [[folded[row, column] for column in columns] for row in rows], cases)


def _pairs(prediction: Prediction, known: Mapping[str, str | None]) -> set[tuple[str, str]]:
    """What one ruling adds to the table, given the category of each rule of its excerpt."""
    gold = prediction.gold
    if gold is None or gold.violations is None:
        return set()
    broken = {known.get(violation.rule) or OTHER for violation in gold.violations}
    cited = {known[rule] or OTHER if rule in known else OUTSIDE for rule in prediction.cited}
    missed = broken - cited or ({NONE} if not broken or cited - broken else set())
    extra = {prediction.verdict} if prediction.ruling is None else cited - broken or ({NONE} if missed else set())
    return {(name, name) for name in broken & cited} | {(name, other) for name in missed for other in extra}


def _fold(name: str, kept: Sequence[str]) -> str:
    return name if name in kept or name in (NONE, OUTSIDE, *NO_RULING) else OTHER
