"""SelfConsistency: whether a slow copy of the policy, given the case and the reasoning, would decide the same.

After GRPO-CARE (arXiv 2506.16141), which pays a bonus where the answer is right and a reference, an exponential moving
average of the policy, finds it likely given the reasoning. Three things are different here:

- Only the decision counts: the cited rules and the verdict (see `reference`).
- The bonus grows with the likelihood up to a cap, instead of being all or nothing by comparison with the other
  completions on the case: a value must not depend on the company that a ruling is scored in, and GRPO's advantage
  makes that comparison itself.
- It is craft: a rubric pays it only when the verdict is right.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from data import Ruling
from rewards.batch import Item
from rewards.model_based.local_reward import low_if_too_long
from rewards.model_based.reference import ReferenceReward, ruling_of
from rewards.score import Outcome, Score


@dataclass(kw_only=True, eq=False)
class SelfConsistency(ReferenceReward):
    """``min(1, p / likely)``, 0..1. p is the reference's likelihood of the decision given the case and the reasoning,
    the geometric mean over its parts: with n citations, ``(product of the tokens' probabilities) ^ (1 / (n + 1))``.

    Example:
        ``craft: {self_consistency: {weight: 0.1, model: runs/sft}}``
    """

    name: ClassVar[str] = "self_consistency"

    likely: Annotated[float, Field(gt=0, le=1)] = 0.95
    """From this likelihood on there is nothing to gain, as in GRPO-CARE: certainty is not to be paid."""

    def score_batch(self, items: Sequence[Item]) -> Sequence[Outcome | Exception]:
        """One Score for each item, or the fault that there is none."""
        rulings = [ruling_of(item) for item in items]
        found = self.log_likelihoods(items, rulings)
        return [
            low_if_too_long(value) if isinstance(value, Exception) else self._score(value, ruling)
            for value, ruling in zip(found, rulings, strict=True)
        ]

    def _score(self, log_likelihood: float, ruling: Ruling) -> Score:
        likelihood = math.exp(log_likelihood / (len(ruling.violations) + 1))
        reason = f"given the reasoning, the reference decides so with {likelihood:.2f}"
        return Score(min(1.0, likelihood / self.likely), reason, {"likelihood": likelihood})
