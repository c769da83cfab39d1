"""Pair accuracy: the share of pairs, flipping or not, with both twins right.

    pair accuracy = pairs with both twins right / pairs

Source: contrast consistency, Gardner et al. 2020, *Evaluating Models' Local Decision Boundaries via Contrast Sets*.
"""

from collections.abc import Sequence

from rl.evaluation.metrics import counted, twins


class PairAccuracy(twins.Twins):
    def count(self, verdicts: Sequence[str], right: Sequence[bool], flips: bool) -> tuple[bool, bool]:
        return all(right), True

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"pair_accuracy": counted.ratio(totals[..., 0], totals[..., 1])}
