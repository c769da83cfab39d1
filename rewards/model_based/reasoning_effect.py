"""ReasoningEffect: whether the decision follows from the reasoning: does it become unlikely when a finding changes?

A slow copy of the policy reads the ruling twice: as it is, and with the outcome of one finding turned round (see
`data.counterfactual`). A policy that reads its decision off the case, past what it reasoned, finds the same decision
as likely as before. It costs two forward passes a ruling; `ruling evaluate --faithfulness` measures what becomes of
it, as *necessity*.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from data.counterfactual import Counterfactual
from rewards.batch import Item
from rewards.model_based.local_reward import low_if_too_long
from rewards.model_based.reference import ReferenceReward, ruling_of
from rewards.score import Outcome, Score

_NOTHING_TO_TURN = Score(0.0, "no finding is broken or clear")


@dataclass(kw_only=True, eq=False)
class ReasoningEffect(ReferenceReward):
    """``1 - min(1, q / p)``, 0..1: the share of the decision's likelihood that goes when one finding is turned round.
    p is the reference's likelihood of the decision given the case and the reasoning, q the same with the turned
    finding. In other words, with ``d = log p - log q``: ``1 - exp(-max(0, d))``.

    0 where the decision is as likely without its finding, or likelier, and where no finding can be turned.

    Example:
        ``craft: {reasoning_effect: {weight: 0.05, model: runs/sft}}``
    """

    name: ClassVar[str] = "reasoning_effect"

    def score_batch(self, items: Sequence[Item]) -> Sequence[Outcome | Exception]:
        """One Score for each item, or the fault that there is none."""
        rulings = [ruling_of(item) for item in items]
        found = [Counterfactual.of(ruling, item.case) for ruling, item in zip(rulings, items, strict=True)]
        turned = {row: other for row, other in enumerate(found) if other is not None}
        asked = [items[row] for row in turned]
        others = [rulings[row].model_copy(update={"reasoning": other.reasoning}) for row, other in turned.items()]
        before = self.log_likelihoods(asked, [rulings[row] for row in turned])
        after = self.log_likelihoods(asked, others)
        scores = dict(zip(turned, map(_score, before, after, turned.values()), strict=True))
        return [scores.get(row, _NOTHING_TO_TURN) for row in range(len(items))]


def _score(before: float | Exception, after: float | Exception, turned: Counterfactual) -> Score | Exception:
    if isinstance(before, Exception):
        return low_if_too_long(before)
    if isinstance(after, Exception):
        return low_if_too_long(after)
    left = math.exp(-max(0.0, before - after))
    finding = turned.finding
    reason = f"with '{finding.rule}' {finding.outcome} instead, the decision would be {left:.2f} as likely"
    return Score(1.0 - left, reason, {"left": left})
