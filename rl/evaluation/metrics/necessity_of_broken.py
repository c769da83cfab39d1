"""Necessity of broken: how often the decision follows when a rule found broken is said to be clear.

    necessity of broken = decisions that are what the changed findings call for / rulings with a rule found broken

The part of necessity that says whether a citation needs its finding. Source: as for necessity, Lanham et al. 2023.
"""

from collections.abc import Sequence
from typing import ClassVar

from rl.evaluation.metrics import counted, decisions


class NecessityOfBroken(decisions.Turned):
    outcomes: ClassVar[Sequence[str]] = ("clear",)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"necessity_of_broken": self.figure(totals)}
