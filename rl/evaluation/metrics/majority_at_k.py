"""majority@k: how often the verdict that most of k samples give is right.

    majority@k = mean over cases of P(the most frequent verdict of k samples is right)

The probability is over all choices of k of a case's samples, and a tie falls to each of its verdicts alike. No ruling
takes part like a verdict, and is never right. Source: Wang et al. 2023, *Self-Consistency Improves Chain of Thought
Reasoning in Language Models*.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import comb, prod
from typing import ClassVar

from rl.evaluation.metrics import samples
from rl.evaluation.predictions import NO_RULING, UNPARSED

KS = (3, 5, 8, 16)


class MajorityAtK(samples.Samples):
    figures: ClassVar[Sequence[str]] = [f"majority_at_{k}" for k in KS]

    def of_case(self, verdicts: Sequence[str], right: Sequence[bool]) -> list[float | None]:
        votes = Counter(UNPARSED if verdict in NO_RULING else verdict for verdict in verdicts)
        good = {verdict for verdict, ok in zip(verdicts, right, strict=True) if ok}
        # The order of the verdicts plays no part: sorted, so that like cases are worked out once.
        ballot = tuple(sorted((count, verdict in good) for verdict, count in votes.items()))
        return [None if k > len(verdicts) else won(ballot, k) for k in KS]


@lru_cache(maxsize=4096)
def won(ballot: tuple[tuple[int, bool], ...], k: int) -> float:
    """How likely the majority of k votes is right, drawn without replacement from votes per verdict, right or not."""
    total = sum(count for count, _ in ballot)
    chance = 0.0
    for drawn in _draws([count for count, _ in ballot], k):
        ways = prod(comb(count, taken) for (count, _), taken in zip(ballot, drawn, strict=True))
        leaders = [right for (_, right), taken in zip(ballot, drawn, strict=True) if taken == max(drawn)]
        chance += ways * sum(leaders) / len(leaders)
    return chance / comb(total, k)


def _draws(counts: Sequence[int], k: int) -> Iterator[tuple[int, ...]]:
    """Every way to take k votes, no more of each verdict than there are."""
    first, *rest = counts
    if not rest:
        if k <= first:
            yield (k,)
        return
    for taken in range(min(first, k) + 1):
        for others in _draws(rest, k - taken):
            yield (taken, *others)
