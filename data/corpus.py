"""Corpus: the texts of a set of cases, to tell a case's own words from what many of them say.

Where gold does not say what the evidence is, a quote of words that stand in every other ad shows nothing.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping

from data.quotes import fold

COMMON, FEWEST = 0.05, 5
"""Words that stand in more than this share of the cases, and in no fewer than so many, are boilerplate."""


class Corpus:
    """What a set of cases says.

    Args:
        texts: the text fields of each case.

    Example:
        >>> corpus = Corpus([{"body": f"Tea number {i}. Click below!"} for i in range(100)])
        >>> corpus.is_boilerplate("CLICK below"), corpus.is_boilerplate("tea number 7.")
        (True, False)
    """

    def __init__(self, texts: Iterable[Mapping[str, str]]):
        folded = ["\n".join(map(fold, fields.values())) for fields in texts]
        self._text = "\0".join(folded)
        self._starts = [0]
        for text in folded:
            self._starts.append(self._starts[-1] + len(text) + 1)
        self._limit = max(FEWEST - 1, int(COMMON * len(folded)))
        self._known: dict[str, bool] = {}

    def is_boilerplate(self, words: str) -> bool:
        """Whether many of the cases say these words, after folding."""
        wanted = fold(words)
        if wanted not in self._known:
            self._known[wanted] = bool(wanted) and self._count(wanted) > self._limit
        return self._known[wanted]

    def _count(self, wanted: str) -> int:
        """How many cases say it; no further than the limit."""
        cases, at = 0, self._text.find(wanted)
        while at >= 0 and cases <= self._limit:
            cases += 1
            at = self._text.find(wanted, self._starts[bisect_right(self._starts, at)])
        return cases
