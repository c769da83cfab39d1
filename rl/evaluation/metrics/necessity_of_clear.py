"""Necessity of clear: how often the decision follows when a rule found clear is said to be broken.

    necessity of clear = decisions that are what the changed findings call for / rulings without a rule found broken

The part of necessity that says whether a finding is enough for a citation, although the case does not bear it out: a
model that looks again at the case has reason not to follow. Source: as for necessity, Lanham et al. 2023.
"""

from collections.abc import Sequence
from typing import ClassVar

from rl.evaluation.metrics import counted, decisions


class NecessityOfClear(decisions.Turned):
    outcomes: ClassVar[Sequence[str]] = ("broken",)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"necessity_of_clear": self.figure(totals)}
