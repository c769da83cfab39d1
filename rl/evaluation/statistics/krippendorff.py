"""Krippendorff's alpha for values without an order: how far several raters agree beyond chance (Krippendorff 2018,
*Content Analysis*, chapter 12). Raters may leave cases out; a case that fewer than two rated says nothing.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]


def coincidences(ratings: Iterable[Sequence[str]], values: Sequence[str]) -> Counts:
    """How often each value met each other value in the same case, ``(N, K²)``: rows of counts that add up.

    Args:
        ratings: of each case, what those who rated it said, in any order.
        values: all that can be said, ``K``.
    """
    rows = []
    for said in ratings:
        held = np.array([said.count(value) for value in values], dtype=np.float64)
        met = np.outer(held, held) - np.diag(held)
        rows.append((met / (len(said) - 1) if len(said) > 1 else np.zeros_like(met)).ravel())
    return np.array(rows).reshape(len(rows), len(values) ** 2)


def krippendorff(totals: Counts) -> Counts:
    """Alpha from summed coincidences, ``(…, K²)``: 1 where all agree, 0 as by chance, below 0 where they agree less;
    nan where only one value occurs, or no case has two ratings.

    Example:
        >>> ratings = [["a", "a"], ["b", "b"], ["a", "b"], ["b", "b"]]
        >>> round(float(krippendorff(coincidences(ratings, ["a", "b"]).sum(axis=0))), 4)
        0.5333
    """
    apart, by_chance = disagreement(totals)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(by_chance > 0, 1 - apart / by_chance, np.nan)


def disagreement(totals: Counts) -> tuple[Counts, Counts]:
    """The shares of pairs of ratings that differ, 0..1: within cases, and by chance; nan where there are none."""
    side = int(totals.shape[-1] ** 0.5)
    table = totals.reshape(*totals.shape[:-1], side, side)
    held, whole = table.sum(axis=-1), table.sum(axis=(-1, -2))
    with np.errstate(divide="ignore", invalid="ignore"):
        within = 1 - np.trace(table, axis1=-2, axis2=-1) / whole
        return within, (whole**2 - (held**2).sum(axis=-1)) / (whole * (whole - 1))
