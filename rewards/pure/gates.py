"""Gates: what a ruling must be for its parts to count at all. An open gate (1) pays nothing; a closed one (0) costs
all: the total is the rubric's floor.
"""

from data import Case, Rulebook, Ruling
from rewards.pure.reasoning import findings, names, own_words
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
    """Every cited rule is named in the reasoning, as a word of its own, and is not cleared there: the last that the
    reasoning says of it is not ``A-1: no.`` Naming and clearing others is free. Only the form that goes rule by rule
    is read, and only the English word; whether free prose clears a rule is for a judge.

    Example:
        >>> cite = lambda reasoning: Ruling(
        ...     reasoning=reasoning, verdict="reject", confidence=1, violations=[{"rule": "A-1"}])
        >>> book = Rulebook(name="none", rules=[])
        >>> [reasoning_agreement(cite(said), Case(id="1"), book).reason for said in ("A-12: yes.", "A-1: no.")]
        ["the reasoning does not name 'A-1'", "the reasoning clears 'A-1'"]
        >>> reasoning_agreement(cite("A-1: no. But in the corner, A-1: a gun."), Case(id="1"), book).value
        1.0
    """
    for violation in ruling.violations:
        rule = violation.rule
        if not names(ruling.reasoning, rule):
            return Score(0.0, f"the reasoning does not name '{rule}'")
        # What an ad says is not what the reviewer says: a quote of "A-1: no." clears nothing.
        if _clears(rule, ruling.reasoning) and _clears(rule, own_words(ruling)):
            return Score(0.0, f"the reasoning clears '{rule}'")
    return _OPEN


def _clears(rule: str, reasoning: str) -> bool:
    said = findings(reasoning, rule)
    return bool(said) and said[-1].lower() == "no"
