"""Gates: what a ruling must be for its parts to count at all. An open gate (1) pays nothing; a closed one (0) costs
all: the total is the rubric's floor.
"""

import re
from functools import lru_cache

from data import Case, Rulebook, Ruling
from rewards.reward import reward
from rewards.score import Outcome, Score


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
        return Score(1.0)
    return Score(0.0, f"the citations call for {called_for}, the verdict is {ruling.verdict}")


@reward(name="reasoning_names_citations", range=(0, 1))
def reasoning_names_citations(ruling: Ruling, case: Case, excerpt: Rulebook) -> Outcome:
    """Every cited rule is named in the reasoning, as a word of its own. Naming and clearing others is free.

    Example:
        >>> ruling = Ruling(reasoning="A-12 is broken.", verdict="reject", confidence=1, violations=[{"rule": "A-1"}])
        >>> reasoning_names_citations(ruling, Case(id="1"), Rulebook(name="none", rules=[]))
        Score(value=0.0, reason="the reasoning does not name 'A-1'", parts={})
    """
    for violation in ruling.violations:
        if not names(ruling.reasoning, violation.rule):
            return Score(0.0, f"the reasoning does not name '{violation.rule}'")
    return Score(1.0)


def names(text: str, rule: str) -> bool:
    """Whether a text names a rule, as a word of its own."""
    return rule in text and _word(rule).search(text) is not None


@lru_cache(maxsize=4096)
def _word(rule: str) -> re.Pattern[str]:
    # ASCII neighbours only: in Chinese or Japanese an id stands between letters without a blank. A dot or hyphen ends
    # a word unless the id goes on behind it ("1.2" is not named by "1.2.3").
    return re.compile(rf"(?<![A-Za-z0-9_])(?<![A-Za-z0-9_][.-]){re.escape(rule)}(?![A-Za-z0-9_]|[.-][A-Za-z0-9_])")
