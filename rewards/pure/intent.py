"""Whether the ruling sees what the ad promotes."""

from data import Case, Rulebook, Ruling
from rewards.reward import reward
from rewards.score import NotApplicable, Outcome


@reward(name="intent", range=(0, 1))
def intent(ruling: Ruling, case: Case, excerpt: Rulebook) -> Outcome:
    """1 for gold's intent, whatever the case of its letters; else 0.

    Example:
        >>> case = Case(id="1", gold={"intent": "supplement"})
        >>> ruling = Ruling(verdict="approve", confidence=0.9, intent="Supplement")
        >>> intent(ruling, case, Rulebook(name="none", rules=[]))
        1.0
    """
    wanted = case.gold.intent if case.gold is not None else None
    if wanted is None:
        return NotApplicable
    return float((ruling.intent or "").strip().casefold() == wanted.strip().casefold())
