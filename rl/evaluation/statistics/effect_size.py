"""Effect sizes: how large a difference is, apart from how sure it is."""

from math import asin, inf, nan, sqrt

from rl.evaluation.statistics.estimate import Estimate
from rl.evaluation.statistics.share import clopper_pearson


def odds_ratio(lost: int, gained: int, level: float = 0.95, worth: float = 1.0) -> Estimate:
    """Gains to losses among the pairs that differ, with the exact interval; nan where none differs.

    Args:
        worth: how many loose pairs each is worth, 0..1: see `Clusters.worth`.

    The share of gains has the Clopper-Pearson interval, and odds are share / (1 - share). Source: Fleiss, Levin &
    Paik 2003, *Statistical Methods for Rates and Proportions*, § 13.1, the matched-pairs odds ratio.
    """
    if not lost + gained:
        return Estimate(nan, nan, nan, 0)
    low, high = map(float, clopper_pearson(gained * worth, lost * worth, level))
    return Estimate(_odds(gained, lost), _odds(low, 1 - low), _odds(high, 1 - high), lost + gained)


def cohens_h(first: float, second: float) -> float:
    """``2 asin sqrt(first) - 2 asin sqrt(second)``. Source: Cohen 1988, *Statistical Power Analysis*, ch. 6."""
    return 2 * asin(sqrt(first)) - 2 * asin(sqrt(second))


def cohens_g(lost: int, gained: int) -> float:
    """The share of gains among the pairs that differ, less a half; 0 where none differs. Source: Cohen 1988, ch. 5."""
    return gained / (lost + gained) - 0.5 if lost + gained else 0.0


def _odds(part: float, rest: float) -> float:
    return part / rest if rest > 0 else inf
