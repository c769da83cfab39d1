"""Retriever: which rules of a book may matter to a case, in scores. The higher, the likelier; scores of one retriever
compare with nothing else.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from data import Rulebook
from prompts.excerpts.documents import document_of

Scores = NDArray[np.float32]
"""``(queries, rules)``, rules in the book's order."""


class Retriever(ABC):
    """Looks through one book."""

    name: ClassVar[str]

    def __init__(self, book: Rulebook):
        self.book = book
        self.documents = [document_of(rule, book) for rule in book.rules]

    @property
    @abstractmethod
    def compares_by(self) -> str:
        """What decides the scores beside the rules: equal text, equal scores."""

    @abstractmethod
    def scores(self, queries: Sequence[str]) -> Scores:
        """How likely each rule matters to each query."""


def ranked(scores: Scores) -> NDArray[np.int64]:
    """The places of the rules, the likeliest first, ``(queries, rules)``; of equal ones, the first of the book."""
    order: NDArray[np.int64] = np.argsort(-scores, axis=1, kind="stable")
    return order
