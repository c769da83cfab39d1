"""What a teacher is told of a case, by kind: what gold rules, what the student's completion earned, which of its
findings are wrong, or nothing.

None where nothing is known, and the completion teaches nothing: gold is not annotated, or the completion could not be
scored.
"""

from collections.abc import Callable
from typing import TypeAlias

from data import Brief, Gold, Ruling
from data.finding import Outcome
from prompts import ParseFailure, target
from prompts.feedback import Feedback
from rewards import Scorecard

Tell: TypeAlias = Callable[[Brief, Scorecard], Feedback | None]
"""From a case and what a completion on it earned to what a teacher is told."""
MOST = 300
"""Characters of a reward's reason."""
ALL_RIGHT = "every finding is right"


def gold(brief: Brief, card: Scorecard) -> Feedback | None:
    """The right ruling without its reasoning; the right verdict alone where gold does not say what is broken.

    Example:
        >>> from data import Case, Rule, Rulebook
        >>> book = Rulebook(name="one", rules=[Rule(id="A-1", text="No guns.")])
        >>> case = Case(id="b-17", gold={"verdict": "reject", "violations": [{"rule": "A-1"}]})
        >>> gold(Brief.of(case, book), Scorecard("b-17", Ruling(verdict="approve", confidence=1), 0, {})).text()
        '<answer>{"violations": [{"rule": "A-1", "evidence": []}], "verdict": "reject", "confidence": 0.9}</answer>'
    """
    if brief.gold is None or brief.gold.verdict is None or brief.lost:
        return None
    if brief.gold.violations is None or (brief.gold.verdict == "reject" and not brief.gold.violations):
        return Feedback((f"the right verdict is {brief.gold.verdict}",))
    return Feedback(ruling=target(brief.case, brief.excerpt, imitate=False))


def scorecard(brief: Brief, card: Scorecard) -> Feedback | None:
    """A line for each reward that has something to say of the completion: its value, and why."""
    if card.total is None:
        return None
    lines = [
        f"{component.name} {component.value:.2g}{f': {component.reason[:MOST]}' if component.reason else ''}"
        for component in card.components.values()
        if component.value is not None
    ]
    return Feedback((*_failure(card), *lines))


def findings(brief: Brief, card: Scorecard) -> Feedback | None:
    """A line for each rule of which the reasoning says what gold does not; which it is, and not what is right."""
    if brief.gold is None or brief.gold.violations is None or card.total is None:
        return None
    if isinstance(card.ruling, ParseFailure):
        return Feedback(_failure(card))
    found: dict[str, Outcome] = {finding.rule: finding.outcome for finding in card.ruling.findings}
    wrong = [
        f"{rule}: {found.get(rule, 'not judged')} is wrong"
        for rule, right in _expected(brief, brief.gold, card.ruling).items()
        if found.get(rule) != right
    ]
    return Feedback(tuple(wrong) or (ALL_RIGHT,))


def none(brief: Brief, card: Scorecard) -> Feedback:
    """Nothing, of any case: what a teacher knows that knows more by itself."""
    return Feedback()


TELLS: dict[str, Tell] = {"gold": gold, "scorecard": scorecard, "findings": findings, "none": none}
"""By the recipe's names."""


def _failure(card: Scorecard) -> tuple[str, ...]:
    if isinstance(card.ruling, ParseFailure):
        return (f"not a ruling: {card.ruling.reason.value} {card.ruling.detail}"[:MOST].strip(),)
    return ()


def _expected(brief: Brief, gold: Gold, ruling: Ruling) -> dict[str, Outcome]:
    """The outcome of each rule of the excerpt that gold knows of. Where several names of one violation are accepted,
    the rules by which it was found are right, and the others open.
    """
    excerpt, broken = brief.excerpt, {finding.rule for finding in ruling.findings if finding.outcome == "broken"}
    known: dict[str, Outcome] = {}
    open_: set[str] = set()
    for violation in gold.violations or []:
        named = broken & set(violation.accepted)
        rule = violation.rule_in(excerpt)
        open_ |= set(violation.accepted)
        if rule is not None:
            known |= dict.fromkeys(named or {rule.id}, "broken")
    known |= {rule: "unclear" for rule in gold.unclear if rule in excerpt}
    clear = excerpt.ids if gold.exhaustive else gold.cleared
    known |= {rule: "clear" for rule in clear if rule in excerpt and rule not in open_ and rule not in known}
    return {rule: known[rule] for rule in excerpt.ids if rule in known}
