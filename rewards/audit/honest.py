"""The honest reviewer: right with probability a, else of the opposite verdict, and a is the confidence it states.

What a cheat earns means little by itself. Its *break-even accuracy* says it in one number for every rubric: the
accuracy a at which the honest reviewer earns as much.
"""

import statistics
from functools import lru_cache

from rewards.audit.bench import Bench
from rewards.audit.mix import EVEN, Mix

WIDTH = 1 / 128
"""Bisection stops at an interval of this width; the rest is a straight line."""


class Honest:
    """Honest reviewers of every accuracy, on one bench.

    Args:
        mix: how often each gold verdict comes up.
    """

    def __init__(self, bench: Bench, mix: Mix = EVEN):
        self._bench, self._mix = bench, mix
        self.mean = lru_cache(maxsize=None)(lambda accuracy: self.stating(accuracy, accuracy))
        """The mean total of accuracy a, which states confidence a."""

    def stating(self, accuracy: float, confidence: float) -> float:
        """The mean total of a reviewer of an accuracy that states a confidence: the expectation over being right or
        wrong, for each case, worked out from the scores of both rulings.
        """
        expected: list[float | None] = []
        for right, *wrong in self._bench.honest(confidence):
            scored = [total for total in wrong if total is not None]
            if right is None or len(scored) < len(wrong) or not scored:
                expected.append(None)
            else:
                expected.append(accuracy * right + (1 - accuracy) * statistics.fmean(scored))
        return self._bench.mean(expected, self._mix)

    def break_even(self, total: float) -> float:
        """The accuracy at which the honest reviewer's mean is ``total``, by bisection: the mean is no straight line,
        because the confidence goes into it. 0 for what the always wrong earn too, 1 for what the always right do.
        """
        low, high = 0.0, 1.0
        if not total > self.mean(low):
            return low
        if total >= self.mean(high):
            return high
        while high - low > WIDTH:
            middle = (low + high) / 2
            low, high = (middle, high) if self.mean(middle) < total else (low, middle)
        below, above = self.mean(low), self.mean(high)
        return low + (high - low) * (total - below) / (above - below)
