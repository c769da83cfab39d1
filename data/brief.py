"""Brief: a case, the excerpt that it is judged by, and its gold under that excerpt, bound once.

Everything downstream takes briefs: what is shown to a model, what it is scored by and what it is measured against
then speak of the same rules.

Example:
    >>> from data import Case, Rule, Rulebook
    >>> book = Rulebook(name="two", rules=[Rule(id="A-1", text="No guns."), Rule(id="A-2", text="No cures.")])
    >>> gold = {"verdict": "reject", "violations": [{"rule": "A-1"}]}
    >>> briefs = Briefs.bind([Case(id="b-17", rules=["A-2"], gold=gold)], book)
    >>> briefs["b-17"].excerpt.ids, briefs["b-17"].gold.verdict  # the broken rule is left out of the excerpt
    (['A-2'], 'approve')
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

from data.case import Case
from data.corpus import Corpus
from data.errors import DataError, suggest
from data.gold import Gold
from data.rulebook import Excerpt, RetrievalFacts, Rulebook


@dataclass(frozen=True)
class Brief:
    """One case with the rules that it is judged by.

    Raises:
        DataError: the excerpt is not the case's own: neither the one that the case names nor a retrieved one.
    """

    case: Case
    excerpt: Rulebook

    def __post_init__(self) -> None:
        if not self.excerpt.retrieved and (difference := _difference(self.case, self.excerpt)):
            raise DataError(
                f"case '{self.case.id}' {difference}: give it its own excerpt, book.excerpt(case.rules)", field="rules"
            )

    @classmethod
    def of(cls, case: Case, book: Rulebook, *, retrieved: bool | RetrievalFacts = False) -> "Brief":
        """The case with the excerpt of the book that it names.

        Args:
            retrieved: whether what it names was retrieved for it, or how.

        Raises:
            DataError: the case names a rule that the book has not, or one twice.
        """
        try:
            excerpt = book.excerpt(case.rules, retrieved=retrieved)
        except DataError as error:
            raise DataError(f"case '{case.id}': {error.message}", field=error.field) from error
        return cls(case, excerpt)

    @property
    def id(self) -> str:
        """The case's."""
        return self.case.id

    @cached_property
    def gold(self) -> Gold | None:
        """Gold as it stands under the excerpt; see `Gold.under`. None where the case has none."""
        return self.case.gold_for(self.excerpt)

    def with_rules(self, looked_up: Iterable[str], book: Rulebook) -> "Brief":
        """The same case, judged as well by rules of the book that were looked up for it, behind those that it was
        shown. Where the case names its rules, no other counts, and it stays as it is.
        """
        if not self.excerpt.retrieved:
            return self
        more = [rule for rule in dict.fromkeys(looked_up) if rule not in self.excerpt and rule in book]
        if not more:
            return self
        found = [*self.excerpt.ids, *more]
        return Brief(self.case, book.excerpt(found, retrieved=self.excerpt.retrieval or True))

    @property
    def lost(self) -> list[str]:
        """The rules that gold speaks of, broken or unclear, and that retrieval has not found; empty where the case
        names its rules."""
        gold, excerpt = self.case.gold, self.excerpt
        if gold is None or not excerpt.retrieved:
            return []
        broken = [violation.rule for violation in gold.violations or [] if violation.rule_in(excerpt) is None]
        return broken + [rule for rule in gold.unclear if rule not in excerpt]


class Briefs(Sequence[Brief]):
    """Briefs under one rulebook, in order and by the ids of their cases.

    Args:
        briefs: with ids of their own.
        book: the whole rulebook that the excerpts come from.

    Raises:
        DataError: two cases have one id.
    """

    def __init__(self, briefs: Iterable[Brief], book: Rulebook):
        self.book = book
        self._briefs = tuple(briefs)
        self._by_id = {brief.id: brief for brief in self._briefs}
        if len(self._by_id) < len(self._briefs):
            ids = [brief.id for brief in self._briefs]
            twice = next(id_ for id_ in ids if ids.count(id_) > 1)
            raise DataError(f"there are two cases '{twice}': give each an id of its own", field="id")

    @classmethod
    def bind(cls, cases: Iterable[Case], book: Rulebook, *, retrieved: bool | RetrievalFacts = False) -> "Briefs":
        """Every case with the excerpt of the book that it names. Where gold leaves open what shows a violation, cases
        know what the others say, so that boilerplate is no evidence.

        Args:
            retrieved: whether what they name was retrieved for them, or how (`prompts.excerpts`).

        Raises:
            DataError: two cases have one id, or a case names a rule that the book has not.
        """
        cases = list(cases)
        if any(violation.evidence is None for case in cases if case.gold for violation in case.gold.violations or []):
            corpus = Corpus(case.fields for case in cases)
            cases = [case.among(corpus) for case in cases]
        return cls((Brief.of(case, book, retrieved=retrieved) for case in cases), book)

    @property
    def cases(self) -> list[Case]:
        return [brief.case for brief in self._briefs]

    @property
    def retrieval(self) -> RetrievalFacts | None:
        """How their excerpts were retrieved; None where cases name them."""
        return next((brief.excerpt.retrieval for brief in self._briefs), None)

    @overload
    def __getitem__(self, key: int | str) -> Brief: ...

    @overload
    def __getitem__(self, key: slice) -> "Briefs": ...

    def __getitem__(self, key: Any) -> "Brief | Briefs":
        """By place, by the case's id, or several by a slice.

        Raises:
            DataError: there is no case of that id.
        """
        if isinstance(key, slice):
            return Briefs(self._briefs[key], self.book)
        if isinstance(key, int):
            return self._briefs[key]
        if key not in self._by_id:
            raise DataError(f"there is no case '{key}' in the data{suggest(key, self._by_id)}", field="id")
        return self._by_id[key]

    def __contains__(self, key: object) -> bool:
        """Whether there is a case of that id, or this very brief."""
        return key in self._by_id if isinstance(key, str) else key in self._briefs

    def __iter__(self) -> Iterator[Brief]:
        return iter(self._briefs)

    def __len__(self) -> int:
        return len(self._briefs)

    def __add__(self, others: Iterable[Brief]) -> "Briefs":
        """These and others under the same book."""
        return Briefs((*self._briefs, *others), self.book)


def _difference(case: Case, excerpt: Rulebook) -> str | None:
    """How an excerpt differs from the one that the case names; None where it is that one."""
    if case.rules is None:
        return f"is judged by the whole book, not by {_told(excerpt.ids)}" if isinstance(excerpt, Excerpt) else None
    named = [rule if isinstance(rule, str) else rule.id for rule in case.rules]
    if named != excerpt.ids:
        given = _told(excerpt.ids) if isinstance(excerpt, Excerpt) else "the whole book"
        return f"is judged by {_told(named)}, not by {given}"
    reworded = [rule.id for rule in case.rules if not isinstance(rule, str) and excerpt[rule.id] != rule]
    return f"words {_told(reworded)} itself, and the excerpt has another wording" if reworded else None


def _told(ids: list[str]) -> str:
    return ", ".join(ids) or "no rule"
