"""Excerpts: cases in, briefs out, each case under the rules that a recipe has it shown.

>>> from data import Case, Rule, Rulebook
>>> book = Rulebook(name="two", rules=[Rule(id="A-1", text="No guns."), Rule(id="A-2", text="No miracle cures.")])
>>> gold = {"verdict": "reject", "violations": [{"rule": "A-1"}]}
>>> case = Case(id="b-17", text={"title": "It cures all."}, gold=gold)
>>> briefs = Excerpts(book, RetrievalConfig(retrieve="bm25", k=1)).bind([case])
>>> briefs[0].excerpt.ids, briefs[0].gold.verdict  # what retrieval loses is a miss
(['A-2'], 'reject')
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from data import Briefs, Case, DataError, RetrievalFacts, Rule, Rulebook
from data.rulebook import SHIPPED
from data.yaml_model import find_yaml
from prompts.excerpts.bm25 import BM25
from prompts.excerpts.dense import Dense
from prompts.excerpts.documents import query_of, tokens_of
from prompts.excerpts.encoder import Encoder
from prompts.excerpts.hybrid import Hybrid
from prompts.excerpts.retriever import Retriever, Scores, ranked
from prompts.excerpts.settings import ExcerptChoice, RetrievalConfig

BESIDE = ".index"
"""How the folder beside a rulebook ends in which vectors are kept."""
AT_ONCE = 1024
"""Cases whose scores are held at once."""


@dataclass(frozen=True)
class Hit:
    """A rule that was found."""

    rule: Rule
    score: float


class Excerpts:
    """The excerpts of one book, as a recipe chooses them.

    Args:
        rulebook: the book, a YAML file, or the name of a shipped one. Beside a file, vectors are kept.
        choice: ``named``, ``none``, or how to retrieve.

    Raises:
        DataError: there is no such book or encoder, or what retrieval needs is not installed.
    """

    def __init__(self, rulebook: Rulebook | str | Path, choice: ExcerptChoice = "named"):
        self.book = rulebook if isinstance(rulebook, Rulebook) else Rulebook.load(rulebook)
        self.config = choice if isinstance(choice, RetrievalConfig) else None
        self.shows_none = choice == "none"
        self.retriever: Retriever | None = None
        if self.config is not None:
            kept = None if isinstance(rulebook, Rulebook) else _beside(rulebook)
            self.retriever = retriever_of(self.book, self.config, kept)

    @property
    def facts(self) -> RetrievalFacts | None:
        """How excerpts are retrieved; None where cases name them."""
        if self.shows_none:
            return RetrievalFacts(retriever="none", k=0, index=self.book.fingerprint)
        if self.config is None or self.retriever is None:
            return None
        index = hashlib.sha256(f"{self.book.fingerprint} {self.retriever.compares_by}".encode()).hexdigest()[:12]
        config = self.config
        return RetrievalFacts(
            retriever=config.retrieve, k=config.k, tokens=config.tokens, index=index, encoder=config.encoder
        )

    def bind(self, cases: Iterable[Case]) -> Briefs:
        """Every case with its excerpt; retrieved rules stand in the book's order, so that a place tells no rank.

        Raises:
            DataError: two cases have one id, a case names a rule that the book has not, or rules are to be retrieved
                for a case that words one itself.
        """
        facts, cases = self.facts, list(cases)
        if facts is None:
            return Briefs.bind(cases, self.book)
        for case in cases:
            if own := next((rule.id for rule in case.rules or () if isinstance(rule, Rule)), None):
                message = f"case '{case.id}' words {own} itself, and what is retrieved is the book's wording"
                raise DataError(f"{message}: take the excerpt that it names (excerpt: named)", field="rules")
        shown = (
            case.model_copy(update={"rules": [self.book.rules[place].id for place in sorted(places)]})
            for case, places in zip(cases, [[] for _ in cases] if self.shows_none else self._found(cases), strict=True)
        )
        return Briefs.bind(shown, self.book, retrieved=facts)

    def search(self, text: str, k: int) -> list[Hit]:
        """The ``k`` rules that may matter most to a text, the likeliest first; fewer where the book has fewer."""
        assert self.retriever is not None, "cases that name their rules are looked for nothing"
        scores = self.retriever.scores([text])
        return [Hit(self.book.rules[place], float(scores[0, place])) for place in ranked(scores)[0, :k]]

    def _found(self, cases: Sequence[Case]) -> Iterator[list[int]]:
        """The places of the rules that each case is shown, the likeliest first."""
        assert self.retriever is not None and self.config is not None
        tokens = [tokens_of(rule) for rule in self.book.rules] if self.config.tokens is not None else None
        for scores in scored(self.retriever, cases):
            for order in ranked(scores):
                count = self.config.k if tokens is None else _fitting([tokens[at] for at in order], self.config.tokens)
                yield order[:count].tolist()


def scored(retriever: Retriever, cases: Sequence[Case]) -> Iterator[Scores]:
    """The scores of cases in their order, some at a time."""
    for start in range(0, len(cases), AT_ONCE):
        yield retriever.scores([query_of(case) for case in cases[start : start + AT_ONCE]])


def retriever_of(book: Rulebook, config: RetrievalConfig, kept: Path | None = None) -> Retriever:
    """The retriever that a recipe describes.

    Args:
        kept: a folder for vectors; see `Dense`.

    Raises:
        DataError: there is no such encoder, or what it needs is not installed.
    """
    if config.encoder is None:
        return BM25(book)
    dense = Dense(book, Encoder(config.encoder), kept)
    return dense if config.retrieve == "dense" else Hybrid(book, [BM25(book), dense])


def _beside(rulebook: str | Path) -> Path | None:
    """The folder beside a rulebook; None beside those that are shipped, where nothing is written."""
    file = find_yaml(rulebook, SHIPPED, "rulebook")
    return None if file.parent == SHIPPED else file.with_suffix(BESIDE)


def _fitting(tokens: Sequence[float], budget: int | None) -> int:
    """How many of the first ones fit, and one at least."""
    assert budget is not None
    total = 0.0
    for count, more in enumerate(tokens):
        total += more
        if total > budget:
            return max(1, count)
    return len(tokens)
