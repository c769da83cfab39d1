"""Graded damage: gold with one thing wrong. However small the damage, it must cost."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from data import Evidence, Interval, Quote, Region, Ruling, Violation
from prompts import reason
from rewards.audit.cheat import cheat
from rewards.audit.subject import Subject, decide

Kind = TypeVar("Kind", bound=Evidence)


@cheat("damage")
def drop_a_violation(subject: Subject) -> Iterator[Ruling]:
    """One broken rule is not cited."""
    cited = subject.right.violations
    if subject.gold.violations:
        for i in range(len(cited)):
            yield subject.citing(*cited[:i], *cited[i + 1 :])


@cheat("damage")
def cite_one_rule_more(subject: Subject) -> Iterator[Ruling]:
    """A rule that is not broken is cited too."""
    others = subject.others()
    if others and subject.gold.violations is not None:
        yield subject.citing(*subject.right.violations, Violation(rule=subject.view.rng.choice(others)))


@cheat("damage")
def cite_a_rule_twice(subject: Subject) -> Iterator[Ruling]:
    """A citation is repeated."""
    if subject.gold.violations:
        yield subject.citing(*subject.right.violations, subject.right.violations[0])


@cheat("damage")
def swap_a_sibling(subject: Subject) -> Iterator[Ruling]:
    """A rule is taken for another one of its category."""
    rules = subject.excerpt
    for i, violation in enumerate(subject.right.violations if subject.gold.violations else []):
        rule = rules[violation.rule]
        siblings = [other.id for other in rules.rules if other.category == rule.category and rule.category]
        for other in subject.others(siblings)[:1]:
            yield _instead(subject, i, other)


@cheat("damage")
def name_the_category_only(subject: Subject) -> Iterator[Ruling]:
    """A rule is cited by its category: a path cut short."""
    for i, violation in enumerate(subject.right.violations if subject.gold.violations else []):
        category = subject.excerpt[violation.rule].category
        if category and category not in subject.excerpt:
            yield _instead(subject, i, category)


@cheat("damage")
def invent_a_rule(subject: Subject) -> Iterator[Ruling]:
    """A rule that does not exist is cited too."""
    if subject.gold.violations is not None:
        made_up = f"{(subject.excerpt.ids or ['RULE'])[0]}-{len(subject.excerpt) + 1}X"
        yield subject.citing(*subject.right.violations, Violation(rule=made_up))


@cheat("damage")
def leave_another_rule_open(subject: Subject) -> Iterator[Ruling]:
    """Escalates because of a rule that gold does not find unclear."""
    others = subject.others()
    if subject.verdict == "escalate" and subject.gold.unclear and not subject.right.violations and others:
        found = reason([], subject.excerpt, others[:1])
        yield subject.right.model_copy(update={"reasoning": found})


@cheat("damage")
def shorten_a_quote(subject: Subject) -> Iterator[Ruling]:
    """Half of a quote is left out."""

    def shorter(item: Quote) -> Evidence | None:
        quote = item.quote.strip()
        return item.model_copy(update={"quote": quote[: len(quote) // 2].strip()}) if len(quote) > 1 else None

    yield from _each(subject, Quote, shorter)


@cheat("damage")
def shift_a_region(subject: Subject) -> Iterator[Ruling]:
    """A box covers only half of what it should."""

    def half(item: Region) -> Evidence:
        x0, y0, x1, y1 = item.region
        return item.model_copy(update={"region": (x0, y0, (x0 + x1) / 2, y1)})

    yield from _each(subject, Region, half)


@cheat("damage")
def shift_an_interval(subject: Subject) -> Iterator[Ruling]:
    """An interval starts and ends too late by half of its length."""

    def later(item: Interval) -> Evidence:
        start, end = item.interval
        step = (end - start) / 2 or 1.0
        return Interval(interval=(start + step, end + step))

    yield from _each(subject, Interval, later)


@cheat("damage")
def flip_the_verdict(subject: Subject) -> Iterator[Ruling]:
    """The verdict is another one."""
    yield from subject.wrong
    if subject.verdict != "escalate" and not subject.gold.accepts("escalate"):
        yield decide(subject.excerpt, "escalate")


def _each(subject: Subject, kind: type[Kind], change: Callable[[Kind], Evidence | None]) -> Iterator[Ruling]:
    """Gold with one piece of evidence of a kind changed, for each of them that gold knows."""
    for i, violation in enumerate(subject.right.violations):
        if subject.shown(violation.rule):
            for j, item in enumerate(violation.evidence):
                changed = change(item) if isinstance(item, kind) else None
                if changed is not None:
                    evidence = [*violation.evidence[:j], changed, *violation.evidence[j + 1 :]]
                    yield _instead(subject, i, violation.rule, evidence)


def _instead(subject: Subject, place: int, rule: str, evidence: list[Evidence] | None = None) -> Ruling:
    """Gold with another citation in one place; its evidence stays if no other is given."""
    cited = list(subject.right.violations)
    cited[place] = Violation(rule=rule, evidence=cited[place].evidence if evidence is None else evidence)
    return subject.citing(*cited)
