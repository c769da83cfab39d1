"""Rulebook: the written rules that a case is judged by.

A rulebook is an ordered, versioned set of rules with a tree of categories and a closed list of intents.
An *excerpt* is the ordered subset that one case is judged by, and is a Rulebook too. It knows whether the case named
it or whether it was *retrieved*: what retrieval loses is a miss, so gold is never projected on a retrieved one.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self, Union

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from data.errors import DataError, suggest
from data.files import write_whole
from data.ruling import Verdict
from data.yaml_model import find_yaml, load_yaml

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
SHIPPED = Path(__file__).parent / "rulebooks"


class Rule(BaseModel):
    """One rule: what is not allowed, with its exceptions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[^\s<>\"{}]{1,64}$")
    title: str = ""
    text: str = Field(min_length=1)
    exceptions: tuple[str, ...] = ()
    severity: Severity = "medium"
    category: str | None = None
    verdict: Literal["reject", "escalate"] = "reject"
    """The verdict that a violation of this rule calls for."""


class Category(BaseModel):
    """A node in the tree of categories."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    title: str = ""
    parent: str | None = None


RuleRef = Union[str, Rule]
"""How a case names a rule of its excerpt: by id, or whole where its wording is the case's own."""


class RetrievalFacts(BaseModel):
    """How an excerpt was retrieved, as provenance keeps it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    retriever: str
    """``bm25``, ``dense`` or ``hybrid``; ``none`` where no rule is shown, and they are looked up."""
    k: int | None = None
    """How many rules a case was shown at most; None where a budget of tokens decided."""
    tokens: int | None = None
    """The budget, in tokens."""
    index: str
    """What rules were compared by, 12 hex digits: equal wording, retriever and encoder, equal index."""
    encoder: str | None = None
    """The encoder's folder or name; None for BM25."""

    @property
    def told(self) -> str:
        """In words.

        >>> RetrievalFacts(retriever="bm25", k=8, index="0123456789ab").told
        'at most 8 rules, retrieved by bm25 (index 0123456789ab)'
        """
        if self.retriever == "none":
            return "no rules but those that were looked up"
        limit = f"{self.tokens:,} tokens of" if self.k is None else f"at most {self.k:,}"
        return f"{limit} rules, retrieved by {self.retriever} (index {self.index})"


Origin = Union[Literal["named", "retrieved"], RetrievalFacts]
"""Who chose the rules of an excerpt: the case itself, or a search for those that may matter, told how or not."""


class Rulebook(BaseModel):
    """An ordered, versioned set of rules."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    version: str = "1"
    intents: tuple[str, ...] = ()
    categories: tuple[Category, ...] = ()
    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _consistent(self) -> "Rulebook":
        _no_duplicates("rule", [rule.id for rule in self.rules])
        _no_duplicates("category", [category.id for category in self.categories])
        parents = {category.id: category.parent for category in self.categories}
        for child, parent in parents.items():
            if parent is not None and parent not in parents:
                raise ValueError(f"category '{child}' has the unknown parent '{parent}'")
            if child in _ancestors(parent, parents):
                raise ValueError(f"category '{child}' is its own ancestor")
        for rule in self.rules:
            if rule.category is not None and parents and rule.category not in parents:
                raise ValueError(f"rule '{rule.id}' has the unknown category '{rule.category}'")
        return self

    @classmethod
    def load(cls, source: str | Path) -> "Rulebook":
        """Reads a rulebook from a YAML file, or a shipped one by name (``Rulebook.load("billboard")``).

        Raises:
            DataError: the file is missing, not UTF-8, not YAML, or not a rulebook; names the file and field.
        """
        return load_yaml(cls, find_yaml(source, SHIPPED, "rulebook"))

    def dump(self, path: str | Path) -> None:
        """Writes the rulebook as YAML that `load` reads back."""
        content = self.model_dump(mode="json", exclude_defaults=True)
        write_whole(path, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the content, 12 hex digits: equal content, equal fingerprint."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def excerpt(self, rules: Iterable[RuleRef] | None, *, retrieved: bool | RetrievalFacts = False) -> "Rulebook":
        """The rules that one case is judged by, in the given order; None, and all in the book's order, give the whole
        book.

        Args:
            retrieved: whether somebody looked for the rules that may matter, instead of the case naming them, or how;
                what is taken from a retrieved excerpt is retrieved too.

        Raises:
            DataError: an id is not in the book, or is given twice.
        """
        if rules is None:
            return self
        origin = _origin(retrieved or self.retrieval or self.retrieved)
        chosen = tuple(self[rule] if isinstance(rule, str) else rule for rule in rules)
        if chosen == self.rules and origin == self.origin:
            return self
        seen: set[str] = set()
        for rule in chosen:
            if rule.id in seen:
                raise DataError(f"rule '{rule.id}' is in the excerpt twice", field="rules")
            seen.add(rule.id)
        # Rules and categories are already validated one by one: that keeps a batch of excerpts cheap.
        shared = {name: getattr(self, name) for name in ("name", "version", "intents", "categories")}
        return Excerpt.model_construct(**shared, rules=chosen, found=origin)

    @property
    def origin(self) -> Origin:
        """Who chose these rules; a whole book is what a case names that names nothing."""
        return "named"

    @property
    def retrieved(self) -> bool:
        """Whether these rules were looked for; False for a whole book and for what a case names."""
        return self.origin != "named"

    @property
    def retrieval(self) -> RetrievalFacts | None:
        """How they were; None where they were not, or nobody says it."""
        return self.origin if isinstance(self.origin, RetrievalFacts) else None

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's, but what was worked out from the content is worked out anew."""
        copy = super().model_copy(update=update, deep=deep)
        for cached in ("fingerprint", "known", "_by_id", "_parents"):
            copy.__dict__.pop(cached, None)
        return copy

    def called_for(self, rule_ids: Iterable[str]) -> Verdict:
        """The verdict that violations of these rules call for together; an unknown rule calls for `reject`."""
        verdicts = {self._by_id[i].verdict if i in self._by_id else "reject" for i in rule_ids}
        if "reject" in verdicts:
            return "reject"
        return "escalate" if verdicts else "approve"

    def ancestors(self, category: str | None) -> list[str]:
        """The category and those above it, nearest first; empty for None."""
        return _ancestors(category, self._parents)

    def has_category(self, category: str) -> bool:
        """Whether the tree has a category of this id."""
        return category in self._parents

    @cached_property
    def known(self) -> frozenset[str]:
        """The ids of the rules, to look one up."""
        return frozenset(self._by_id)

    @property
    def ids(self) -> list[str]:
        return [rule.id for rule in self.rules]

    @cached_property
    def _by_id(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def _parents(self) -> dict[str, str | None]:
        return {category.id: category.parent for category in self.categories}

    def __getitem__(self, rule_id: str) -> Rule:
        try:
            return self._by_id[rule_id]
        except KeyError:
            near = suggest(rule_id, self._by_id)
            raise DataError(f"rule '{rule_id}' is not in rulebook '{self.name}'{near}", field="rules") from None

    def __contains__(self, rule_id: object) -> bool:
        return rule_id in self._by_id

    def __len__(self) -> int:
        return len(self.rules)


class Excerpt(Rulebook):
    """A part of a book: what one case is judged by."""

    found: Origin = Field(default="named", exclude=True)

    @property
    def origin(self) -> Origin:
        return self.found


def _origin(retrieved: bool | RetrievalFacts) -> Origin:
    return retrieved if isinstance(retrieved, RetrievalFacts) else "retrieved" if retrieved else "named"


def _ancestors(category: str | None, parents: dict[str, str | None]) -> list[str]:
    path: list[str] = []
    while category is not None and category not in path:
        path.append(category)
        category = parents.get(category)
    return path


def _no_duplicates(kind: str, ids: list[str]) -> None:
    seen: set[str] = set()
    for id_ in ids:
        if id_ in seen:
            raise ValueError(f"duplicate {kind} id '{id_}'")
        seen.add(id_)
