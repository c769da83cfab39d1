"""Agreement: whether a ruling's answer follows from the reasoning that it gives for it.

What can be checked without a judge: the verdict is the one that the citations call for, every cited rule is named in
the reasoning, and none that the reasoning clears in so many words (``ALC-1: no.``) is cited. The first two are the
gates that training uses.
"""

import re

from data import Case, Rulebook, Ruling
from rewards.gates import reasoning_agreement, rulebook_consistency
from rewards.score import Score


def reasoning_agrees(ruling: Ruling, case: Case, excerpt: Rulebook) -> bool | None:
    """Whether the answer follows from the reasoning; None where there is no reasoning.

    Example:
        >>> book = Rulebook(name="one", rules=[{"id": "A-1", "text": "No guns."}])
        >>> cited = {"verdict": "reject", "confidence": 0.9, "violations": [{"rule": "A-1"}]}
        >>> reasoning_agrees(Ruling(reasoning="A-1: a gun.", **cited), Case(id="1"), book)
        True
        >>> reasoning_agrees(Ruling(reasoning="A-1: no.", **cited), Case(id="1"), book)
        False
    """
    if not ruling.reasoning.strip():
        return None
    gates = [gate(ruling, case, excerpt) for gate in (rulebook_consistency, reasoning_agreement)]
    opened = all(isinstance(score, Score) and score.value == 1.0 for score in gates)
    return opened and not any(_cleared(violation.rule, ruling.reasoning) for violation in ruling.violations)


def _cleared(rule: str, reasoning: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(rule)}: no\.(?!\w)", reasoning) is not None
