"""BM25: rules by the terms that they share with a case, rare ones counting more (Robertson & Zaragoza 2009, *The
Probabilistic Relevance Framework*). The index is built in milliseconds, and kept nowhere.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from data import DataError, Rulebook
from prompts.excerpts.documents import terms_of
from prompts.excerpts.retriever import Retriever, Scores

K1, B = 1.5, 0.75


class BM25(Retriever):
    """bm25s with terms that suit any writing.

    Raises:
        DataError: bm25s is not installed.
    """

    name = "bm25"

    def __init__(self, book: Rulebook):
        super().__init__(book)
        try:
            import bm25s
        except ImportError as error:
            raise DataError("rules are retrieved with bm25s: pip install 'ruling[retrieval]'") from error
        self._index: Any = None
        """None for a book without a word, such as one of nothing but emoji."""
        if any(terms := [terms_of(document) for document in self.documents]):
            self._index = bm25s.BM25(k1=K1, b=B)
            self._index.index(terms, show_progress=False)

    @property
    def compares_by(self) -> str:
        return f"bm25, k1 {K1}, b {B}"

    def scores(self, queries: Sequence[str]) -> Scores:
        found = np.zeros((len(queries), len(self.book)), dtype=np.float32)
        for row, query in zip(found, queries, strict=True):
            if self._index is not None and (known := self._index.get_tokens_ids(terms_of(query))):
                row[:] = self._index.get_scores_from_ids(known)
        return found
