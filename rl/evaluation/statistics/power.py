"""Power: how many cases it takes to see a difference, or to decide on a margin.

Let a share ``psi`` of pairs differ, and let the models' shares be ``d`` apart. McNemar's test at level alpha then
reaches the power with

    n = (z_{1 - alpha/2} sqrt(psi) + z_power sqrt(psi - d^2))^2 / d^2

cases. Sources: Miettinen 1968; Connor 1987, *Sample size for testing differences in proportions for the paired-sample
design*, eq. 3. Clusters count for less than as many loose cases: n is multiplied by the design effect (Kish 1965).
"""

from math import ceil, sqrt

from scipy.stats import norm


def cases_to_see(
    difference: float, discordant: float, *, power: float = 0.8, alpha: float = 0.05, design_effect: float = 1.0
) -> int:
    """Cases that McNemar's test needs to see a difference.

    Args:
        difference: of the two shares, not 0; the sign does not matter.
        discordant: the share of pairs that differ; at least ``|difference|`` is taken.
        design_effect: how many clustered cases are worth one loose case.
    """
    gap = abs(difference)
    spread = max(discordant, gap)
    reach = norm.ppf(1 - alpha / 2) * sqrt(spread) + norm.ppf(power) * sqrt(spread - gap**2)
    return ceil(round(design_effect * (reach / gap) ** 2, 6))


def cases_to_decide(
    distance: float, deviation: float, *, power: float = 0.8, alpha: float = 0.05, design_effect: float = 1.0
) -> int | None:
    """Cases at which a one-sided bound clears a margin; None if it never will.

    Args:
        distance: of the true difference from the margin; the sign does not matter.
        deviation: of one case's difference: the standard error is ``deviation / sqrt(n)``.
    """
    if distance == 0:
        return None
    reach = (norm.ppf(1 - alpha) + norm.ppf(power)) * deviation
    return max(1, ceil(round(design_effect * (reach / distance) ** 2, 6)))
