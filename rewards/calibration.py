"""Whether the stated risk is honest."""

from data import Case, Rulebook, Ruling
from rewards.reward import reward
from rewards.score import NotApplicable, Outcome

_TRUTH = {"approve": 0.0, "escalate": 0.5, "reject": 1.0}


@reward(name="calibration", range=(0, 1))
def calibration(ruling: Ruling, case: Case, excerpt: Rulebook) -> Outcome:
    """``1 - (risk - y)²`` with y = 1, 0, ½ for gold reject, approve, escalate.

    The quadratic score is proper (Brier 1950): stating one's true belief is best. It reads risk alone, so it leaves
    the thresholds between verdicts where the prices put them.

    Example:
        >>> book = Rulebook(name="none", rules=[])
        >>> case = Case(id="1", gold={"verdict": "approve"})
        >>> round(calibration(Ruling(verdict="approve", confidence=0.9), case, book), 2)
        0.99
        >>> round(calibration(Ruling(verdict="reject", confidence=0.9), case, book), 2)
        0.19
    """
    gold = case.gold_for(excerpt)
    if gold is None or gold.verdict is None:
        return NotApplicable
    return 1.0 - (ruling.risk - _TRUTH[gold.verdict]) ** 2
