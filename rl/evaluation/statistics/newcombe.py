"""Newcombe's interval for the difference of two shares that were measured on the same cases.

Wilson intervals of the two shares are put together by "square and add", with the correlation ``phi`` of the pairs::

    low  = d - sqrt((p1 - l1)^2 - 2 phi (p1 - l1)(u2 - p2) + (u2 - p2)^2)
    high = d + sqrt((p2 - l2)^2 - 2 phi (p2 - l2)(u1 - p1) + (u1 - p1)^2)

It has a sensible width where hardly any pair differs, and there the bootstrap has none. Source: Newcombe 1998,
*Improved confidence intervals for the difference between binomial proportions based on paired data*, method 10, with
the continuity-corrected phi.
"""

from math import sqrt

from scipy.stats import norm


def newcombe(both: float, gained: float, lost: float, neither: float, level: float = 0.95) -> tuple[float, float]:
    """Interval for (gained - lost) / n.

    Args:
        both, gained, lost, neither: counts of pairs: right in both, in the first alone, in the second alone, in none.
            They need not be whole, so that clustered counts can be scaled to what they are worth.
    """
    n = both + gained + lost + neither
    if n <= 0:
        return float("nan"), float("nan")
    z = float(norm.ppf((1 + level) / 2))
    first, second = (both + gained) / n, (both + lost) / n
    low1, high1 = wilson(first, n, z)
    low2, high2 = wilson(second, n, z)
    phi = _correlation(both, gained, lost, neither)
    down, up = first - low1, high1 - first
    down2, up2 = second - low2, high2 - second
    difference = first - second
    low = difference - sqrt(max(0.0, down**2 - 2 * phi * down * up2 + up2**2))
    high = difference + sqrt(max(0.0, down2**2 - 2 * phi * down2 * up + up**2))
    return max(-1.0, low), min(1.0, high)


def wilson(share: float, n: float, z: float) -> tuple[float, float]:
    """Wilson's score interval of one share (Wilson 1927)."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return middle - reach, middle + reach


def _correlation(both: float, gained: float, lost: float, neither: float) -> float:
    margins = (both + gained) * (lost + neither) * (both + lost) * (gained + neither)
    if margins <= 0:
        return 0.0
    cross = both * neither - gained * lost
    if cross > 0:
        cross = max(0.0, cross - (both + gained + lost + neither) / 2)
    return cross / sqrt(margins)
