"""The sign-flip test: McNemar's test where cases, or samples of a case, come in clusters.

If the models are equally good, a cluster's net gain (gains less losses, all of the cluster together) is as likely with
the opposite sign. The sum over clusters is compared with all sums that flipping whole clusters can give. Net gains
are whole numbers, so their distribution is worked out exactly, by convolution: clusters of equal net gain ``k`` have
``k (2 Binomial(m, 1/2) - m)``. With one case to a cluster this is the exact McNemar test. Sources: Fisher 1935, *The
Design of Experiments*, § 21; for swapping the outputs of two systems, Noreen 1989, *Computer-Intensive Methods for
Testing Hypotheses*.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.signal import convolve
from scipy.stats import binom


def sign_flip(net_gains: ArrayLike) -> tuple[float, float]:
    """Two-sided exact p and mid-p; 1 where no cluster has a net gain or loss.

    Args:
        net_gains: whole numbers, one per cluster.
    """
    gains = np.asarray(net_gains, dtype=np.int64)
    sizes, clusters = np.unique(np.abs(gains[gains != 0]), return_counts=True)
    if not len(sizes):
        return 1.0, 1.0
    distribution = np.ones(1)
    for size, number in zip(sizes.tolist(), clusters.tolist(), strict=True):
        steps = np.zeros(size * number + 1)
        steps[::size] = binom.pmf(np.arange(number + 1), number, 0.5)
        distribution = np.maximum(0.0, convolve(distribution, steps))
    # Entry i is the sum 2 i - reach.
    reach = len(distribution) - 1
    distance = np.abs(2 * np.arange(reach + 1) - reach)
    observed = abs(int(gains.sum()))
    p = float(distribution[distance >= observed].sum())
    return min(1.0, p), min(1.0, p) - float(distribution[distance == observed].sum()) / 2
