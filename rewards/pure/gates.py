"""Gates: what a ruling must be for its parts to count at all. An open gate (1) pays nothing; a closed one (0) costs
all: the total is the rubric's floor.
"""

from data import Case, Rulebook, Ruling
from rewards.pure.reasoning import contradiction
from rewards.reward import reward
from rewards.score import Outcome, Score

_OPEN = Score(1.0)


@reward(name="rulebook_consistency", range=(0, 1))
def rulebook_consistency(ruling: Ruling, case: Case, excerpt: Rulebook) -> Outcome:
    """The verdict follows from the violations: approve exactly when none is cited; reject exactly when one of them
    calls for reject (a made-up rule does); escalate never against a rule that calls for reject.

    Example:
        >>> from data import Rule
        >>> book = Rulebook(name="one", rules=[Rule(id="A-1", text="No guns.")])
        >>> bad = Ruling(verdict="approve", confidence=0.9, violations=[{"rule": "A-1"}])
        >>> rulebook_consistency(bad, Case(id="1"), book)
        Score(value=0.0, reason='the citations call for reject, the verdict is approve', parts={})
    """
    called_for = excerpt.called_for(violation.rule for violation in ruling.violations)
    # Citing nothing leaves escalation open: the deciding fact may not be told.
    follows = ruling.verdict == called_for or (ruling.verdict == "escalate" and called_for == "approve")
    if follows:
        return _OPEN
    return Score(0.0, f"the citations call for {called_for}, the verdict is {ruling.verdict}")


@reward(name="reasoning_agreement", range=(0, 1))
def reasoning_agreement(ruling: Ruling, case: Case, excerpt: Rulebook) -> Outcome:
    """The answer follows from the findings, and the findings say what was seen; see `contradiction` for all that is
    demanded. Prose before the findings may say what it likes: the findings decide. A rule without a finding counts as
    not judged, which `incomplete` has a price for.

    Example:
        >>> from data import Rule
        >>> book = Rulebook(name="one", rules=[Rule(id="A-1", text="No guns.")])
        >>> cite = lambda reasoning: Ruling(
        ...     reasoning=reasoning, verdict="reject", confidence=1, violations=[{"rule": "A-1"}])
        >>> said = ("A-1: a gun", "A-1: clear")
        >>> [reasoning_agreement(cite(reasoning), Case(id="1"), book).reason for reasoning in said]
        ['the reasoning does not end in findings', "the reasoning finds 'A-1' clear, and the answer cites it"]
        >>> reasoning_agreement(cite("A-1: none -> broken"), Case(id="1"), book).reason
        "the reasoning does not say why 'A-1' is broken"
        >>> reasoning_agreement(cite("Harmless?\\nA-1: a gun in the corner -> broken"), Case(id="1"), book).value
        1.0
    """
    fault = contradiction(ruling, case, excerpt)
    return Score(0.0, fault) if fault else _OPEN
