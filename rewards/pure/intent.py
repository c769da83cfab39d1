"""Whether the ruling sees what the ad promotes."""

from data import Case, Rulebook, Ruling
from rewards.reward import reward
from rewards.score import NotApplicable, Outcome


@reward(name="intent", range=(0, 1))
def intent(ruling: Ruling, case: Case, excerpt: Rulebook) -> Outcome:
    """1 for gold's intent, whatever the case of its letters; else 0.

    It does not apply where gold has none, which depends on the case alone.

    Example:
        >>> case, excerpt = Case(id="1", gold={"intent": "supplement"}), Rulebook(name="none", rules=[])
        >>> says = lambda what: Ruling(verdict="approve", confidence=0.9, intent=what)
        >>> [intent(says(what), case, excerpt) for what in ("supplement", " Supplement", "supplements", None)]
        [1.0, 1.0, 0.0, 0.0]
        >>> intent(says("supplement"), Case(id="2", gold={"verdict": "approve"}), excerpt) is NotApplicable
        True
    """
    wanted = case.gold.intent if case.gold is not None else None
    if wanted is None:
        return NotApplicable
    return float((ruling.intent or "").strip().casefold() == wanted.strip().casefold())
