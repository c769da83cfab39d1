"""Tango's score interval for the difference of two shares that were measured on the same cases.

It holds the differences ``delta`` that a score test does not refuse, with the share of losses at its most likely value
under each::

    |gained - lost - n delta| <= z sqrt(n (2 q + delta (1 - delta)))
    q = (sqrt(B^2 + 8 n lost delta (1 - delta)) - B) / (4 n)      B = (2 n - gained + lost) delta - gained - lost

A correction for continuity, which Tango does not make, may be taken off the left side. Source: Tango 1998,
*Equivalence test and confidence interval for the difference in proportions for the paired-sample design*, eqs. 4 and
5.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.stats import norm

_BESIDE = 1e-9


def tango(gained: float, lost: float, n: float, level: float = 0.95, correction: float = 0.0) -> tuple[float, float]:
    """Interval for (gained - lost) / n.

    Args:
        gained, lost: counts of pairs that only the first, only the second has right.
        n: the number of pairs. None of the counts need be whole.
        correction: for continuity, in pairs; 0 is Tango's own interval.
    """
    if n <= 0:
        return float("nan"), float("nan")
    z = float(norm.ppf((1 + level) / 2))
    difference = (gained - lost) / n

    def refused(delta: float, side: int) -> float:
        return float(refusal(delta, gained, lost, n, z, correction, side))

    # Without a correction the difference itself is a root where no pair differs: start beside it.
    below, above = difference - _BESIDE, difference + _BESIDE
    low = brentq(refused, -1.0, below, args=(1,)) if below > -1 and refused(-1.0, 1) > 0 else -1.0
    high = brentq(refused, above, 1.0, args=(-1,)) if above < 1 and refused(1.0, -1) > 0 else 1.0
    return float(low), float(high)


def refusal(
    delta: float, gained: ArrayLike, lost: ArrayLike, n: ArrayLike, z: float, correction: float = 0.0, side: int = 1
) -> NDArray[np.float64]:
    """How far the score test is from keeping a difference: above 0 it refuses it.

    Args:
        side: 1 where the difference is below that of the counts (the lower end), -1 where it is above.
    """
    gained, lost, n = (np.asarray(count, dtype=float) for count in (gained, lost, n))
    b = (2 * n - gained + lost) * delta - gained - lost
    q = (np.sqrt(np.maximum(0.0, b**2 + 8 * n * lost * delta * (1 - delta))) - b) / (4 * n)
    deviation = np.sqrt(np.maximum(0.0, n * (2 * q + delta * (1 - delta))))
    return side * (gained - lost - n * delta) - correction - z * deviation
