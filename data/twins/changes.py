"""Changes: what can be changed about the rules of a case so that its gold follows for certain, judged by nobody anew.

What a rule's words mean is not looked at. So a rule may go, go by another id, or gain an exception that speaks of
words which stand in the case, or do not; a broken rule may lose its exceptions, none of which has helped. No threshold
is moved, no rule is added, and no exception is taken from a rule that is not broken: for those, somebody would have to
look at the case again.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from data.brief import Brief
from data.evidence import Quote
from data.gold import Gold, GoldViolation
from data.quotes import find_quote
from data.renaming import renamed
from data.rulebook import Rule, RuleRef

PLAIN = frozenset(" -'’,.%&$€£")
"""What a quote may hold beside letters and digits to be put into a rule: an ad does not write its own rulebook."""
MOST_WORDS = 12


@dataclass(frozen=True)
class Subject:
    """A case whose gold names all that is broken, and its verdict follows from that."""

    brief: Brief
    gold: Gold
    """Under the excerpt."""
    exception: str
    """How an exception is worded, with ``{quote}`` in it."""
    strange: Sequence[str]
    """Words that break rules in other cases, and do not stand in this one's text."""

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        return self.brief.excerpt.rules

    @cached_property
    def refs(self) -> list[RuleRef]:
        """The excerpt as the case names it."""
        named = self.brief.case.rules
        return list(self.brief.excerpt.ids if named is None else named)

    @cached_property
    def broken(self) -> dict[str, GoldViolation]:
        """By the rule that is broken under the excerpt; rules that a violation may go by too are not among them."""
        violations = self.gold.violations or []
        found = {rule.id: violation for violation in violations if (rule := violation.rule_in(self.brief.excerpt))}
        others = {other for violation in violations for other in violation.accepted if other in self.brief.excerpt}
        return found if len(others) == len(found) == len(violations) else {}

    @cached_property
    def idle(self) -> list[str]:
        """The rules that are neither broken, by any name, nor unclear."""
        spoken_of = {*self.gold.unclear, *(name for v in self.gold.violations or [] for name in v.accepted)}
        return [rule for rule in self.brief.excerpt.ids if rule not in spoken_of]

    def without(self, violation: GoldViolation) -> Gold:
        """Gold where a violation is none any more."""
        left = [other for other in self.gold.violations or [] if other is not violation]
        gold, excerpt = unreasoned(self.gold).model_copy(update={"violations": left}), self.brief.excerpt
        verdict = excerpt.called_for(rule.id for rule in gold.broken_in(excerpt))
        if verdict == "approve" and gold.unclear:
            verdict = "escalate"
        accept = gold.accept if verdict == gold.verdict else []
        return gold.model_copy(update={"verdict": verdict, "accept": accept})


def unreasoned(gold: Gold) -> Gold:
    """Gold without what was written for other rules: edits give reasons, and were for all that was broken."""
    return gold.model_copy(update={"reasoning": None, "advice": None, "edits": None})


Changed = tuple[Sequence[RuleRef], Gold]
Change = Callable[[Subject, random.Random], Iterator[Changed]]
"""All the ways in which a case can be changed so: other rules, and the gold under them."""


def left_out(subject: Subject, rng: random.Random) -> Iterator[Changed]:
    """A broken rule goes."""
    for rule, violation in subject.broken.items():
        if len(subject.rules) > 1:
            yield _less(subject, rule), subject.without(violation)


def idle_left_out(subject: Subject, rng: random.Random) -> Iterator[Changed]:
    """A rule goes that is neither broken nor unclear."""
    for rule in subject.idle:
        if len(subject.rules) > 1:
            gold = unreasoned(subject.gold)
            yield _less(subject, rule), gold.model_copy(update={"cleared": [r for r in gold.cleared if r != rule]})


def renumbered(subject: Subject, rng: random.Random) -> Iterator[Changed]:
    """Every rule goes by a number that says nothing; not where the words of one speak of another by its id."""
    told = "\n".join("\n".join((rule.title, rule.text, *rule.exceptions)) for rule in subject.rules)
    if not any(name in told for name in subject.brief.excerpt.ids):
        rules, gold = renamed(unreasoned(subject.gold), subject.brief.excerpt, rng)
        assert gold is not None
        yield rules, gold


def exception_added(subject: Subject, rng: random.Random) -> Iterator[Changed]:
    """A broken rule gains an exception for words that stand in the case."""
    for rule, violation in subject.broken.items():
        for quote in violation.evidence or []:
            if isinstance(quote, Quote) and is_plain(quote.quote) and subject.brief.case.find(quote) is not None:
                yield _excepted(subject, rule, quote.quote), subject.without(violation)


def idle_exception_added(subject: Subject, rng: random.Random) -> Iterator[Changed]:
    """A rule gains an exception for words that do not stand in the case. Where the case has pictures or sound, which
    could hold any words, only one that is not broken, which no exception changes."""
    if subject.strange:
        for rule in [*subject.idle, *([] if any(subject.brief.case.media) else subject.broken)]:
            yield _excepted(subject, rule, rng.choice(subject.strange)), unreasoned(subject.gold)


def exception_removed(subject: Subject, rng: random.Random) -> Iterator[Changed]:
    """A broken rule loses its exceptions."""
    for rule in subject.rules:
        if rule.id in subject.broken and rule.exceptions:
            yield _with(subject, rule.model_copy(update={"exceptions": ()})), unreasoned(subject.gold)


def is_plain(words: str) -> bool:
    """Whether words can be put into a rule: a few, on one line, without anything that markup is made of."""
    return 0 < len(words.split()) <= MOST_WORDS and all(letter.isalnum() or letter in PLAIN for letter in words)


def strange_to(brief: Brief, words: Sequence[tuple[str, str]]) -> list[str]:
    """Of words and the clusters that they come from, those that do not stand in a case of another cluster."""
    texts = list(brief.case.fields.values())
    return [
        quote
        for cluster, quote in words
        if cluster != brief.case.cluster and not any(find_quote(quote, text) for text in texts)
    ]


def _less(subject: Subject, left: str) -> list[RuleRef]:
    return [ref for ref, rule in zip(subject.refs, subject.rules, strict=True) if rule.id != left]


def _with(subject: Subject, changed: Rule) -> list[RuleRef]:
    """The excerpt with one rule worded otherwise."""
    pairs = zip(subject.refs, subject.rules, strict=True)
    return [changed if rule.id == changed.id else ref for ref, rule in pairs]


def _excepted(subject: Subject, name: str, quote: str) -> list[RuleRef]:
    rule = subject.brief.excerpt[name]
    worded = subject.exception.replace("{quote}", quote)
    return _with(subject, rule.model_copy(update={"exceptions": (*rule.exceptions, worded)}))
