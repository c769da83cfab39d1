"""Verdict stability: how often two samples on one case give the same verdict.

    verdict stability = mean over cases of sum over verdicts of C(n_v, 2) / C(n, 2)

Two samples that are no ruling do not agree. Whether the verdict is right does not matter here. Source: the agreement
of Fleiss 1971, *Measuring nominal scale agreement among many raters*, with samples as raters.
"""

from collections import Counter
from collections.abc import Sequence
from math import comb
from typing import ClassVar

from rl.evaluation.metrics import samples
from rl.evaluation.predictions import NO_RULING


class VerdictStability(samples.Samples):
    figures: ClassVar[Sequence[str]] = ("verdict_stability",)

    def of_case(self, verdicts: Sequence[str], right: Sequence[bool]) -> list[float | None]:
        if len(verdicts) < 2:
            return [None]
        alike = sum(comb(count, 2) for verdict, count in Counter(verdicts).items() if verdict not in NO_RULING)
        return [alike / comb(len(verdicts), 2)]
