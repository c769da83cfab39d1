"""Agreement: whether a ruling's answer follows from the reasoning that it gives for it.

What can be checked without a judge, by the gates that training uses: the verdict is the one that the citations call
for, and findings and answer agree; see `rewards.pure.reasoning.contradiction` for all that is demanded.
"""

from data import Case, Rulebook, Ruling
from rewards.pure.gates import reasoning_agreement, rulebook_consistency
from rewards.score import Score


def reasoning_agrees(ruling: Ruling, case: Case, excerpt: Rulebook) -> bool | None:
    """Whether the answer follows from the reasoning; None where there is no reasoning.

    Example:
        >>> book = Rulebook(name="one", rules=[{"id": "A-1", "text": "No guns."}])
        >>> cited = {"verdict": "reject", "confidence": 0.9, "violations": [{"rule": "A-1"}]}
        >>> reasoning_agrees(Ruling(reasoning="A-1: a gun -> broken", **cited), Case(id="1"), book)
        True
        >>> reasoning_agrees(Ruling(reasoning="A-1: clear", **cited), Case(id="1"), book)
        False
    """
    if not ruling.reasoning.strip():
        return None
    outcomes = [gate(ruling, case, excerpt) for gate in (rulebook_consistency, reasoning_agreement)]
    return all((outcome.value if isinstance(outcome, Score) else outcome) == 1.0 for outcome in outcomes)
