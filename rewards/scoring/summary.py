"""Summary: what a rubric's rewards say of many completions, reward by reward.

Example:
    >>> from data import Case, Rulebook, Ruling
    >>> from rewards import Rubric
    >>> case = Case(id="1", gold={"verdict": "approve", "violations": []})
    >>> book = Rulebook(name="none", rules=[])
    >>> rubric = Rubric.load("billboard")
    >>> summary = Summary()
    >>> said = [Ruling(verdict=verdict, confidence=0.5) for verdict in ("approve", "reject")]
    >>> summary.add(rubric.score(ruling, case, book) for ruling in said)
    >>> verdict = summary.figures["verdict"]
    >>> verdict.applies, verdict.mean, verdict.least, verdict.most
    (2, 0.0, -1.0, 1.0)
"""

import statistics
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from prompts import ParseFailure
from rewards.score import Unscored
from rewards.scoring.scorecard import Scorecard


@dataclass(frozen=True, slots=True)
class Figures:
    """How one reward's values, or the totals, are spread over the completions that have one."""

    applies: int
    """How many completions have a value."""
    unscored: int
    """How many have none because of a fault. The others have none because the reward does not apply or was not asked.
    """
    mean: float | None
    """None where no completion has a value; so are the next three."""
    spread: float | None
    """Standard deviation (population)."""
    least: float | None
    most: float | None
    zero: float
    """Share of the values that are 0, of 0..1."""


class Summary:
    """Gathers scorecards, a batch at a time: it keeps numbers, not cards."""

    def __init__(self) -> None:
        self.count = 0
        self.failures: Counter[str] = Counter()
        """Completions that are no ruling, by reason."""
        self.closed: Counter[str] = Counter()
        """Completions that earn the floor, by the gate that is closed (``format``: no ruling)."""
        self.faults: Counter[str] = Counter()
        """On how many completions each reward failed."""
        self.first_faults: dict[str, Unscored] = {}
        """The first fault of each reward that failed."""
        self._totals = array("d")
        self._values: dict[str, array[float]] = {}

    def add(self, cards: Iterable[Scorecard]) -> None:
        """Counts these cards in."""
        for card in cards:
            self.count += 1
            if isinstance(card.ruling, ParseFailure):
                self.failures[card.ruling.reason.value] += 1
            if card.closed is not None:
                self.closed[card.closed] += 1
            if card.total is not None:
                self._totals.append(card.total)
            for name, value in card.values.items():
                values = self._values.setdefault(name, array("d"))
                if value is not None:
                    values.append(value)
            for fault in card.unscored:
                self.faults[fault.reward] += 1
                self.first_faults.setdefault(fault.reward, fault)

    @property
    def figures(self) -> dict[str, Figures]:
        """Each reward's figures by name, in the order of the rubric."""
        return {name: _figures(values, self.faults[name]) for name, values in self._values.items()}

    @property
    def total(self) -> Figures:
        """The figures of the totals. A fault that could have made a difference leaves a completion without one."""
        return _figures(self._totals, self.count - len(self._totals))


def _figures(values: "array[float]", unscored: int) -> Figures:
    if not values:
        return Figures(0, unscored, None, None, None, None, 0.0)
    zero = sum(not value for value in values) / len(values)
    mean = statistics.fmean(values)
    spread = statistics.fmean((value - mean) ** 2 for value in values) ** 0.5
    return Figures(len(values), unscored, mean, spread, min(values), max(values), zero)
