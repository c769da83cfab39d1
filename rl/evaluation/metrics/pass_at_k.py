"""pass@k: how often at least one of k samples has the right verdict: what choosing among samples could reach at best.

    pass@k = mean over cases of 1 - C(n - c, k) / C(n, k)      n samples, c of them right

Every case has its n samples; the formula averages over all choices of k. Source: Chen et al. 2021, *Evaluating Large
Language Models Trained on Code*, eq. 1.
"""

from collections.abc import Sequence
from math import comb
from typing import ClassVar

from rl.evaluation.metrics import samples


class PassAtK(samples.Samples):
    figures: ClassVar[Sequence[str]] = [f"pass_at_{k}" for k in samples.KS]

    def of_case(self, verdicts: Sequence[str], right: Sequence[bool]) -> list[float | None]:
        n, c = len(right), sum(right)
        return [None if k > n else 1 - comb(n - c, k) / comb(n, k) for k in samples.KS]
