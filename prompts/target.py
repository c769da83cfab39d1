"""Gold as a completion: the ruling that a teacher would write, which SFT learns from."""

from collections.abc import Sequence

from data import Case, DataError, Evidence, Gold, GoldViolation, Region, Rulebook, Ruling, Violation
from data.finding import findings_in, prose_of
from prompts.reason import reason

UNSURE = 0.5


def target(case: Case, excerpt: Rulebook, confidence: float = 0.9, *, imitate: bool = True) -> Ruling:
    """The ruling that states a case's gold under an excerpt, or the one that the case's teacher wrote.

    The reasoning is the gold's own where it still holds, and ends in one finding a rule of the excerpt, in its order,
    which is the form a model learns to read a rulebook by: ``ALC-1: clear``, ``CLICK-1: "you won a prize" -> broken``.

    Args:
        case: a case with gold.
        excerpt: the rules that it is judged by.
        confidence: stated for approve and reject, 0..1; an escalation states 0.5.
        imitate: whether a teacher's ruling, where the case has one, goes before gold.

    Raises:
        DataError: the gold cannot be stated; names the case.
    """
    if imitate and case.teacher is not None:
        return case.teacher
    gold = case.gold_for(excerpt)
    if gold is None or gold.verdict is None:
        raise DataError(f"case '{case.id}' has no gold verdict to learn from", field="gold.verdict")
    broken = _in_order(case, gold, excerpt)
    if gold.verdict == "reject" and not broken:
        raise DataError(f"case '{case.id}' is rejected but names no broken rule", field="gold.violations")
    violations = [
        Violation(rule=rule, evidence=[_rounded(item) for item in violation.evidence or []])
        for rule, violation in broken.items()
    ]
    return Ruling(
        reasoning=_reasoned(gold, violations, excerpt),
        violations=violations,
        verdict=gold.verdict,
        confidence=UNSURE if gold.verdict == "escalate" else confidence,
        intent=gold.intent,
        advice=gold.advice or "",
        edits=gold.edits or [],
    )


def _in_order(case: Case, gold: Gold, excerpt: Rulebook) -> dict[str, GoldViolation]:
    """The broken rules in the excerpt's order, each by the first accepted name that the excerpt has."""
    named: dict[str, GoldViolation] = {}
    for violation in gold.violations or []:
        rule = violation.rule_in(excerpt)
        if rule is None:
            raise DataError(
                f"case '{case.id}' breaks rule '{violation.rule}', which is not among the rules it is judged by",
                field="gold.violations",
            )
        if rule.id in named:
            both = [*(named[rule.id].evidence or []), *(violation.evidence or [])]
            violation = violation.model_copy(update={"evidence": both})
        named[rule.id] = violation
    return {rule: named[rule] for rule in excerpt.ids if rule in named}


def _reasoned(gold: Gold, violations: Sequence[Violation], excerpt: Rulebook) -> str:
    """Gold's own reasoning where its findings are those of gold under the excerpt; else its prose, if any, and a
    finding on each rule.
    """
    said = gold.reasoning or ""
    findings = findings_in(said)
    broken = {finding.rule for finding in findings if finding.outcome == "broken"}
    known = all(finding.rule in excerpt for finding in findings)
    if findings and known and broken == {violation.rule for violation in violations}:
        return said
    found, prose = reason(violations, excerpt, gold.unclear), prose_of(said)
    return f"{prose}\n{found}" if prose else found


def _rounded(item: Evidence) -> Evidence:
    """Coordinates to a thousandth, as a reviewer would write them; boxes too small for that stay exact."""
    if not isinstance(item, Region):
        return item
    x0, y0, x1, y1 = (round(value, 3) for value in item.region)
    return item.model_copy(update={"region": (x0, y0, x1, y1)}) if x0 < x1 and y0 < y1 else item
