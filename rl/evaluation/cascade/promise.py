"""Promise: whether a share of losses is below a limit, with a guarantee that holds at any number of cases.

The losses of a set of cases are a sample. To promise that the share is at most ``limit`` among cases that come, the
hypothesis that it is greater has to be rejected; the p-value below never rejects a true one more often than it says.
Of losses that are 0 or 1, one a cluster, it is the exact binomial one; of means over clusters, Hoeffding's and
Bentkus's, whichever is smaller.

Sources: Bates et al., "Distribution-free, risk-controlling prediction sets" (arXiv 2101.02703); Angelopoulos et al.,
"Learn then test" (arXiv 2110.01052), section 2 and proposition 2. Conformal risk control (arXiv 2208.02814) keeps a
promise on average over sets of cases; this one keeps it on all but one set in twenty, and costs a few more reviews.
"""

from math import ceil, e, exp, log

import numpy as np
from numpy.typing import NDArray


def p_value(losses: NDArray[np.float64], limit: float) -> float:
    """The probability, at most, of losses as low as these where their mean is above the limit.

    Args:
        losses: one a cluster, independent, each in 0..1, ``(N,)``.
        limit: above 0 and below 1.

    Example:
        >>> round(p_value(np.zeros(59), 0.05), 4)  # .95 to the 59th
        0.0485
        >>> p_value(np.zeros(0), 0.05)
        1.0
    """
    from scipy.stats import binom

    many = len(losses)
    if not many:
        return 1.0
    mean = float(losses.mean())
    if np.isin(losses, (0.0, 1.0)).all():
        return float(binom.cdf(round(many * mean), many, limit))
    bentkus = e * float(binom.cdf(ceil(many * mean - 1e-9), many, limit))
    return min(1.0, bentkus, exp(-many * _divergence(min(mean, limit), limit)))


def _divergence(mean: float, limit: float) -> float:
    """Kullback and Leibler's, of two coins."""
    heads = mean * log(mean / limit) if mean > 0 else 0.0
    tails = (1 - mean) * log((1 - mean) / (1 - limit)) if mean < 1 else 0.0
    return heads + tails
