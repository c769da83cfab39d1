"""Whether the stated risk is honest."""

import math

from data import Case, Gold, Rulebook, Ruling, Verdict
from rewards.reward import reward
from rewards.score import NotApplicable, Outcome

_RISKS: dict[Verdict, float] = {"approve": 0.0, "escalate": 0.5, "reject": 1.0}


@reward(name="calibration", range=(0, 1))
def calibration(ruling: Ruling, case: Case, excerpt: Rulebook) -> Outcome:
    """``1 - (risk - y)²`` with y = 1, 0, ½ for reject, approve, escalate: the ruling's verdict where gold accepts it,
    else gold's own.

    The quadratic score is proper (Brier 1950): stating one's true belief in y is best, whichever verdict is handed
    down, because y then depends on the case alone. Where gold accepts its own verdict only, it reads risk alone, so it
    leaves the thresholds between verdicts where the prices put them. Where gold accepts several, each can earn all.

    Example:
        >>> book = Rulebook(name="none", rules=[])
        >>> case = Case(id="1", gold={"verdict": "approve"})
        >>> round(calibration(Ruling(verdict="approve", confidence=0.9), case, book), 2)
        0.99
        >>> round(calibration(Ruling(verdict="reject", confidence=0.9), case, book), 2)
        0.19
        >>> either = Case(id="2", gold={"verdict": "reject", "accept": ["approve"]})
        >>> [round(calibration(Ruling(verdict=v, confidence=0.9), either, book), 2) for v in ("approve", "reject")]
        [0.99, 0.99]
    """
    gold = case.gold_for(excerpt)
    if gold is None or gold.verdict is None:
        return NotApplicable
    return 1.0 - (ruling.risk - _truth(ruling, gold)) ** 2


@reward(name="log_score", range=(0, 1))
def log_score(ruling: Ruling, case: Case, excerpt: Rulebook) -> Outcome:
    """``1 - (H(y, p) - H(y, clip(y)))/ln 99``, with p the risk clipped to [.01, .99], y as for `calibration`, and the
    cross-entropy ``H(y, p) = -y·ln p - (1 - y)·ln(1 - p)``: 1 for the best that can be stated, 0 for the worst.

    The logarithmic score is proper (Good 1952) between the clips, which bound it. It is harder than the quadratic one
    on those who were sure and wrong.

    Example:
        >>> book = Rulebook(name="none", rules=[])
        >>> case = Case(id="1", gold={"verdict": "approve"})
        >>> rulings = [Ruling(verdict=v, confidence=q) for v, q in [("approve", 1), ("approve", 0.5), ("reject", 0.9)]]
        >>> [round(log_score(ruling, case, book), 2) for ruling in rulings]
        [1.0, 0.85, 0.5]
    """
    gold = case.gold_for(excerpt)
    if gold is None or gold.verdict is None:
        return NotApplicable
    truth = _truth(ruling, gold)
    return 1.0 - (_loss(truth, ruling.risk) - _loss(truth, truth)) / math.log(_MOST / _LEAST)


_LEAST, _MOST = 0.01, 0.99


def _truth(ruling: Ruling, gold: Gold) -> float:
    """y: the risk that would have been right to state."""
    assert gold.verdict is not None
    return _RISKS[ruling.verdict if gold.accepts(ruling.verdict) else gold.verdict]


def _loss(truth: float, risk: float) -> float:
    stated = min(_MOST, max(_LEAST, risk))
    return -truth * math.log(stated) - (1 - truth) * math.log(1 - stated)
