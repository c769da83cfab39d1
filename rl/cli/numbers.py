"""Numbers on the command line, checked before anything is done with them.

Typer's own ranges let NaN pass, since it is neither below one end nor above the other.
"""

from collections.abc import Sequence
from math import isfinite

import typer

from rl.config.recipe import MOST_SEED

__all__ = ["MOST_CASES", "MOST_SEED", "finite"]

MOST_CASES = 10_000_000
"""That a split of the embedded benchmark may have."""


def finite(given: float | Sequence[float] | None) -> float | Sequence[float] | None:
    """What an option was given, unless a number in it is not finite: to be an option's ``callback``.

    Raises:
        typer.BadParameter: one is not; the message comes to name the option.
    """
    for number in given if isinstance(given, Sequence) else [] if given is None else [given]:
        if not isfinite(number):
            raise typer.BadParameter(f"{number} is not a finite number")
    return given
