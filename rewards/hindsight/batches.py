"""Scoring what is written already, in batches that no time limit cuts short.

In training a batch is as large as a step, and a reward's time limit keeps a step from freezing: what it has not scored
by then stays unscored. Here nobody waits for a step, and a completion that is lost is only lost. So batches begin with
one completion, and grow as far as even the slowest reward takes a fraction of its limit.
"""

import time
from collections.abc import Callable, Iterator, Sequence

from data import Brief
from prompts import Episode
from rewards.batch import Answer
from rewards.scoring.rubric import Rubric
from rewards.scoring.scorecard import Scorecard

LARGEST = 256
"""Completions in a batch where rewards are quick: about as many as in a training step."""
SHARE = 0.25
"""How much of the tightest time limit a batch is to take: a server may become four times as slow from one to the
next.
"""
GROWTH = 4
"""How many times as large a batch may be as the largest that every reward was asked about."""


class Batches:
    """How many completions to score together next, from how long the last ones took.

    Example:
        >>> batches = Batches(time_limit=60)
        >>> sizes = []
        >>> for _ in range(5):
        ...     sizes.append(batches.size)
        ...     batches.took(seconds=sizes[-1] * 1.0, count=sizes[-1], asked=sizes[-1])
        >>> sizes
        [1, 4, 15, 15, 15]
    """

    def __init__(self, time_limit: float):
        """
        Args:
            time_limit: seconds that the reward with the least may take for a batch.
        """
        self.size = 1
        self._seconds = SHARE * time_limit
        self._most_asked = 0
        self._pace = 0.0

    @classmethod
    def under(cls, *rubrics: Rubric) -> "Batches":
        """For completions that each of these rubrics scores."""
        every = [own for rubric in rubrics for own in (rubric, *rubric.by_category.values())]
        return cls(min(entry.time_limit or own.time_limit for own in every for entry in own.entries))

    def took(self, seconds: float, count: int, asked: int) -> None:
        """Learns from a batch.

        Args:
            count: its completions.
            asked: those that every reward was asked about. A model that judges craft is not asked about others: they
                do not tell how long it takes, and the next may all be such that it is.
        """
        self._most_asked = max(self._most_asked, asked)
        self._pace = seconds / asked if asked else max(self._pace, seconds / count)
        fit = int(self._seconds / self._pace) if self._pace > 0 else LARGEST
        self.size = max(1, min(fit, GROWTH * self._most_asked, LARGEST))

    def score(
        self,
        rubrics: Sequence[Rubric],
        answers: Sequence[Answer | Episode],
        briefs: Sequence[Brief],
        now: Callable[[], float] = time.monotonic,
    ) -> Iterator[list[list[Scorecard]]]:
        """Scores completions by each of some rubrics, batch by batch.

        Args:
            briefs: what each is about.
            now: the time, in seconds.

        Yields:
            For the next completions in their order, the scorecards by each rubric.
        """
        start = 0
        while start < len(answers):
            batch = slice(start, start + self.size)
            began = now()
            cards = [rubric.score_many(answers[batch], briefs[batch]) for rubric in rubrics]
            asked = min(_asked(rubric, by) for rubric, by in zip(rubrics, cards, strict=True))
            self.took(now() - began, len(cards[0]), asked)
            start += len(cards[0])
            yield cards


def _asked(rubric: Rubric, cards: Sequence[Scorecard]) -> int:
    """About how many of the completions every reward of the rubric was asked."""
    if not any(step.only_where_it_counts for plan in rubric.plan.all for step in plan.steps):
        return len(cards)
    return sum(card.closed is None and card.right is not False for card in cards)
