"""Rewards as they are found in the field, each with the hole that a model found in it: what ours are held against.

They are written after what is told of them, not copied. Each looks at a completion and at the case's gold.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from data import Case, Quote, Ruling, Violation
from prompts import ParseFailure, parse
from rewards.testing.small import BOOK


@dataclass(frozen=True)
class Naive:
    """A scoring function of a completion, and the least that it gives."""

    function: Callable[[str, Case], float]
    floor: float

    @property
    def name(self) -> str:
        return self.function.__name__


def naive(floor: float = 0.0) -> Callable[[Callable[[str, Case], float]], Naive]:
    return lambda function: Naive(function, floor)


def read(completion: str) -> Ruling:
    """The ruling; where there is none, one that says nothing."""
    ruling = parse(completion)
    return Ruling(verdict="escalate", confidence=0) if isinstance(ruling, ParseFailure) else ruling


def cited(completion: str) -> list[Violation]:
    return read(completion).violations


def wanted(case: Case) -> list[str]:
    return [violation.rule for violation in case.gold.violations or []]


def share(found: Iterable[bool]) -> float:
    hits = list(found)
    return sum(hits) / max(1, len(hits))


def path(rule: str) -> list[str]:
    """The categories above a rule, from the top, and the rule."""
    if rule in BOOK:
        return [*BOOK.ancestors(BOOK[rule].category)[::-1], rule]
    return BOOK.ancestors(rule)[::-1]


@naive()
def shared_path(completion: str, case: Case) -> float:
    """Level by level from the top, of the levels that were given: a short path has fewer to get wrong."""
    return share(a == b for a, b in zip(path(cited(completion)[0].rule), path(wanted(case)[0]), strict=False))


@naive(-1.0)
def sibling_penalty(completion: str, case: Case) -> float:
    """A wrong rule costs if it is one of the book; the others are not looked up."""
    rule = cited(completion)[0].rule
    return 1.0 if rule in wanted(case) else -1.0 if rule in BOOK else 0.0


@naive(-0.25)
def garbage_is_zero(completion: str, case: Case) -> float:
    """A wrong verdict is worth less than nothing; what is no ruling is worth nothing."""
    ruling = parse(completion)
    if isinstance(ruling, ParseFailure):
        return 0.0
    return 1.0 if case.gold.accepts(ruling.verdict) else -0.25


@naive()
def length_instead(completion: str, case: Case) -> float:
    """The length is assigned where it should have been added."""
    value = float(case.gold.accepts(read(completion).verdict))
    if reasoning := read(completion).reasoning:
        value = min(1.0, len(reasoning) / 100)
    return value


@naive(-1.0)
def longer_errors(completion: str, case: Case) -> float:
    """An error is forgiven by the length of its reasoning."""
    ruling = read(completion)
    return 1.0 if case.gold.accepts(ruling.verdict) else -1 / (1 + len(ruling.reasoning) / 100)


@naive()
def said_in_gold(completion: str, case: Case) -> float:
    """Whether what was said stands in gold: an empty string always does."""
    return float(re.sub(r"<[^>]*>|[{}]", "", completion).strip() in case.gold.verdict)


@naive()
def gold_is_said(completion: str, case: Case) -> float:
    """Whether gold's word stands in what was said."""
    return float(case.gold.verdict in completion)


@naive(-1.0)
def failure_is_zero(completion: str, case: Case) -> float:
    """Whatever goes wrong is a 0: a completion that was cut off, and a fault of the scorer's own."""
    try:
        return 1.0 if case.gold.accepts(parse(completion).verdict) else -1.0
    except Exception:
        return 0.0


@naive()
def by_its_opening(completion: str, case: Case) -> float:
    """What persuades a judge that is a language model."""
    return float(re.sub(r"<[^>]*>", "", completion).startswith((":", "Thought process:", "Let's solve", "解")))


@naive()
def catches(completion: str, case: Case) -> float:
    """Paid for catching what breaks a rule, and for nothing else."""
    return float(case.gold.verdict == "approve" or read(completion).verdict == "reject")


@naive()
def recall(completion: str, case: Case) -> float:
    """The share of gold's rules that are cited."""
    rules = {violation.rule for violation in cited(completion)}
    return share(rule in rules for rule in wanted(case))


@naive()
def quotes_found(completion: str, case: Case) -> float:
    """The share of gold's quotes that stand in what is quoted, wherever."""
    said = " ".join(item.quote for v in cited(completion) for item in v.evidence if isinstance(item, Quote)).casefold()
    shown = [item for v in case.gold.violations or [] for item in v.evidence or [] if isinstance(item, Quote)]
    return share(item.quote.casefold() in said for item in shown)


@naive()
def overlap(completion: str, case: Case) -> float:
    """How many of the ad's words the reasoning takes up."""
    words = set(" ".join(case.fields.values()).split())
    return share(word in read(completion).reasoning for word in words)


@naive()
def keywords(completion: str, case: Case) -> float:
    """How many of the words that good reasoning has."""
    return share(word in read(completion).reasoning for word in ("violation", "guideline", "reject", "approve"))


@naive()
def first_answer(completion: str, case: Case) -> float:
    """A forgiving parser: the first answer that it comes upon counts, wherever it stands."""
    found = re.search(r"<answer>(.*?)</answer>", completion, re.DOTALL)
    return float(found is not None and f'"verdict": "{case.gold.verdict}"' in found.group(1))
