"""Search: how `search_rules` looks through a book."""

from collections.abc import Callable, Sequence
from functools import cache

from data import Rule, Rulebook
from prompts.excerpts import Excerpts
from prompts.excerpts.settings import USUAL, RetrievalConfig


def search_in(book: Rulebook, config: RetrievalConfig) -> Callable[[str], Sequence[Rule]]:
    """From a query to the rules of a book that may matter to it, the likeliest first. Its index is made when it is
    first asked.

    Raises:
        DataError: there is no such encoder, or what retrieval needs is not installed; when it is first asked.
    """

    @cache
    def excerpts() -> Excerpts:
        return Excerpts(book, config)

    def search(query: str) -> Sequence[Rule]:
        if not len(book):
            return []
        return [hit.rule for hit in excerpts().search(query, config.k or USUAL) if hit.score > 0]

    return search
