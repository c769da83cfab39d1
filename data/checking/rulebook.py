"""Check of a rulebook: rules that are there twice or contradict each other, and, with cases, what of it they use."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from data.case import Case
from data.checking.duplicates import text_clusters
from data.quotes import fold
from data.rulebook import Rule, Rulebook

Ids = tuple[str, ...]
_LOOKALIKES = str.maketrans(
    "АВЕЅЗІЈКМНОРСТУХаеѕіјорсухԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧονρ0Oo1Il|−–—‐‑",
    "ABES3lJKMHOPCTYXaesijopcyxdqwABEZHlKMNOPTYXovpOOollll-----",
)
"""Cyrillic and Greek letters, digits and dashes, by what they look like; Unicode's list of confusables has many more.
"""


@dataclass(frozen=True)
class Use:
    """What cases make of a rulebook."""

    unknown: dict[str, int]
    """Ids that gold names and the book has not, with how many cases name each."""
    reworded: dict[str, int]
    """Rules that cases give in a wording of their own, with how many do."""
    unused: Ids
    """Rules that gold finds broken in no case."""


@dataclass(frozen=True)
class BookReport:
    """What was found in a rulebook."""

    rules: int
    duplicates: list[Ids]
    """Rules of the same words, and the same consequences."""
    contradictions: list[Ids]
    """Rules of the same words, and different severities or verdicts."""
    confusable: list[Ids]
    """Ids that differ in case and punctuation alone, or in letters that look the same."""
    blank: Ids
    """Rules without a word."""
    near: list[Ids]
    """Rules that say nearly the same, such as those that differ in a number: no fault, but hard to tell apart."""
    use: Use | None = field(default=None)
    """None where there are no cases to look at."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; near-duplicates and rules without a case are not."""
        in_itself = self.duplicates or self.contradictions or self.confusable or self.blank
        return not (in_itself or (self.use and self.use.unknown))

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return {**vars(self), "use": None if self.use is None else vars(self.use), "ok": self.ok}


def check_rulebook(book: Rulebook, cases: Iterable[Case] | None = None) -> BookReport:
    """Looks at every rule, and at what cases make of them."""
    alike = _groups(book.rules, [_words(rule) for rule in book.rules])
    differing = [group for group in alike if len({(rule.severity, rule.verdict) for rule in group}) > 1]
    near = _groups(book.rules, text_clusters([_words(rule) for rule in book.rules]))
    return BookReport(
        rules=len(book),
        duplicates=[_ids(group) for group in alike if group not in differing],
        contradictions=[_ids(group) for group in differing],
        confusable=_confusable(book),
        blank=tuple(rule.id for rule in book.rules if not rule.text.strip()),
        near=[_ids(group) for group in near if len({_words(rule) for rule in group}) > 1],
        use=None if cases is None else _use(book, cases),
    )


def _use(book: Rulebook, cases: Iterable[Case]) -> Use:
    unknown: Counter[str] = Counter()
    reworded: Counter[str] = Counter()
    broken: set[str] = set()
    for case in cases:
        own = [rule for rule in case.rules or () if isinstance(rule, Rule)]
        worded = {rule.id for rule in own if rule.id not in book or rule != book[rule.id]}
        reworded.update(worded)
        gold = case.gold
        if gold is not None:
            accepted = {rule for violation in gold.violations or [] for rule in violation.accepted}
            unknown.update(
                rule for rule in accepted | {*gold.cleared, *gold.unclear} if rule not in book and rule not in worded
            )
            broken |= accepted
    unused = tuple(rule for rule in book.ids if rule not in broken)
    return Use(dict(unknown.most_common()), dict(reworded.most_common()), unused)


def _groups(rules: Sequence[Rule], keys: Sequence[Any]) -> list[list[Rule]]:
    """The rules that share a key, where several do."""
    found: defaultdict[Any, list[Rule]] = defaultdict(list)
    for rule, key in zip(rules, keys, strict=True):
        found[key].append(rule)
    return [group for group in found.values() if len(group) > 1]


def _words(rule: Rule) -> str:
    """What a rule says, as texts are compared."""
    return fold("\n".join([rule.text, *rule.exceptions]))


def _confusable(book: Rulebook) -> list[Ids]:
    alike = [_ids(group) for key in (_plain, _seen) for group in _groups(book.rules, [key(i) for i in book.ids])]
    return list(dict.fromkeys(alike))


def _plain(name: str) -> str:
    """A name without case and punctuation; what has nothing else stays as it is."""
    return re.sub(r"[\W_]", "", name.casefold()) or name


def _seen(name: str) -> str:
    """A name as it looks: compatible forms in one, lookalikes in one letter, and nothing that is not seen."""
    shown = "".join(c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf")
    return shown.translate(_LOOKALIKES)


def _ids(group: Sequence[Rule]) -> Ids:
    return tuple(rule.id for rule in group)
