"""McNemar's test: is a model right where the other is wrong more often than the other way round?

Pairs that both have right, or both wrong, say nothing. Of the ``m`` that differ, each is as likely a gain as a loss if
the models are equally good, so the gains are Binomial(m, 1/2):

    p = min(1, 2 P(X <= min(lost, gained)))        mid-p = p - P(X = min(lost, gained))

Sources: McNemar 1947, *Note on the sampling error of the difference between correlated proportions*; the mid-p version
is recommended by Fagerland, Lydersen & Laake 2013, *The McNemar test for binary matched-pairs data* (eq. for ties:
``1 - P(X = m / 2) / 2``): the exact test is too cautious where few pairs differ.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom


def mcnemar(lost: ArrayLike, gained: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two-sided exact p and mid-p, in the shape of the arguments; 1 where no pair differs.

    Args:
        lost, gained: how many pairs only the one, only the other has right.
    """
    lost, gained = np.broadcast_arrays(np.asarray(lost), np.asarray(gained))
    few, pairs = np.minimum(lost, gained), lost + gained
    tail, here = binom.cdf(few, pairs, 0.5), binom.pmf(few, pairs, 0.5)
    p = np.minimum(1.0, 2 * tail)
    mid_p = np.where(lost == gained, 1 - here / 2, 2 * tail - here)
    return p, np.where(pairs == 0, 1.0, mid_p)
