"""Probes: what a model may come up with, on any case. No reward may fail on it."""

from collections.abc import Iterator
from contextlib import suppress

from data import VERDICTS, Case, DataError, Quote, Rulebook, Ruling, Verdict, Violation
from prompts import reason, target
from rewards.testing.hostile import HOSTILE

BROKEN = ("", " \n", "approve", "{}", "<think></think>", "<think></think><answer>{}</answer>", "<answer>[]</answer>")


def probes(case: Case, excerpt: Rulebook) -> Iterator[str | Ruling]:
    """Gold where it is known, every verdict with every number of citations, made-up rules, quotes that are not there,
    hostile text in every place, endless reasoning, and completions that are no rulings.
    """
    with suppress(DataError):  # without gold that could be stated, the others must do
        yield target(case, excerpt, imitate=False)
    for verdict in VERDICTS:
        for rules in ([], excerpt.ids[:1], excerpt.ids, ["MADE-UP-1"]):
            for confidence in (0.0, 1.0):
                yield _ruling(verdict, rules, "", confidence)
                cited = [Violation(rule=rule) for rule in rules]
                yield _ruling(verdict, rules, reason(cited, excerpt, excerpt.ids[:1]), confidence)
    for text in HOSTILE:
        quoted = Violation(rule=text, evidence=[Quote(quote=text, field=field) for field in (*case.fields, text)])
        yield Ruling(reasoning=text, violations=[quoted], verdict="reject", confidence=0.5, intent=text, advice=text)
        yield text
    yield _ruling("approve", [], "It is fine. " * 5000, 1.0)
    yield from BROKEN


def _ruling(verdict: Verdict, rules: list[str], reasoning: str, confidence: float) -> Ruling:
    violations = [Violation(rule=rule) for rule in rules]
    return Ruling(reasoning=reasoning, violations=violations, verdict=verdict, confidence=confidence)
