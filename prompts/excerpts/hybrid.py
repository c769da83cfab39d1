"""Hybrid: two retrievers, fused by reciprocal rank (Cormack, Clarke & Büttcher 2009, *Reciprocal Rank Fusion
outperforms Condorcet and individual Rank Learning Methods*).
"""

from collections.abc import Sequence

import numpy as np

from data import Rulebook
from prompts.excerpts.retriever import Retriever, Scores

K = 60
"""How little the first ranks stand out: the paper's."""


class Hybrid(Retriever):
    """``Σ 1 / (60 + rank)`` over its parts; rules that a part cannot tell apart share their best rank."""

    name = "hybrid"

    def __init__(self, book: Rulebook, parts: Sequence[Retriever]):
        super().__init__(book)
        self.parts = parts

    @property
    def compares_by(self) -> str:
        return f"reciprocal rank {K} of {'; '.join(part.compares_by for part in self.parts)}"

    def scores(self, queries: Sequence[str]) -> Scores:
        return fused([part.scores(queries) for part in self.parts])


def fused(parts: Sequence[Scores]) -> Scores:
    """The sum of reciprocal ranks.

    >>> a, b = np.array([[3.0, 2.0, 1.0]]), np.array([[0.0, 5.0, 0.0]])
    >>> [round(1000 * float(score), 2) for score in fused([a, b])[0]]
    [32.52, 32.52, 32.0]
    """
    from scipy.stats import rankdata  # recipes name retrievers, and are read without scipy

    ranks = [rankdata(-scores, method="min", axis=1) for scores in parts]
    return np.sum([1 / (K + rank) for rank in ranks], axis=0).astype(np.float32)
