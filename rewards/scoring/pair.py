"""Pair: what completions earn where twins are right together, and how often they are.

Twins show the same thing under other rules (`data.Case.twin`). Whoever never reads the rules rules on both alike; paid
for each alone, that is right every other time, paid for both together, never.

What a completion earns on its own stays its rubric's total. ``product`` pays it times the share of the twin's
completions that are right: the gradient of how likely both are right, with nothing of chance added. ``both`` takes the
completions of one number as one attempt, which earns what the worse of its two answers earns: all or nothing, and the
dearer of two errors counts.
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from data import Ruling, Verdict
from rewards.scoring.scorecard import Scorecard

Groups = Mapping[str, Sequence[Scorecard]]
"""The scorecards of the completions on each case, by its id, in the order of their numbers."""


class PairReward(BaseModel):
    """How twins are paid.

    Example:
        >>> said = Ruling(verdict="approve", confidence=1)
        >>> a = [Scorecard("a", said, 1.0, {}, right=True), Scorecard("a", said, -4.0, {}, right=False)]
        >>> b = [Scorecard("b", said, 1.5, {}, right=True), Scorecard("b", said, -1.0, {}, right=False)]
        >>> twins = {"a": "b", "b": "a"}
        >>> PairReward(kind="product").totals({"a": a, "b": b}, twins)["a"]
        [0.5, -2.0]
        >>> PairReward(kind="both").totals({"a": a, "b": b}, twins)["b"]
        [1.0, -4.0]
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    kind: Literal["product", "both"] = "product"
    share: float = Field(default=1.0, ge=0, le=1)
    """Of what a completion earns, the part that hangs on the twin; 0 keeps pairs together and pays each alone."""

    def totals(self, groups: Groups, twins: Mapping[str, str]) -> dict[str, list[float | None]]:
        """What each completion is paid. One whose case has no twin among the groups is paid its total.

        Args:
            twins: the id of each case's twin, both ways.

        Returns:
            None where its total is, or where that of all it hangs on is: a fault is no judgement.
        """
        paid: dict[str, list[float | None]] = {}
        for case, cards in groups.items():
            others = groups.get(twins.get(case, ""))
            paid[case] = [card.total for card in cards] if others is None else self._paid(cards, others)
        return paid

    def _paid(self, cards: Sequence[Scorecard], others: Sequence[Scorecard]) -> list[float | None]:
        if self.share == 0 or all(other.right is None for other in others):  # nobody knows whether the twin is right
            return [card.total for card in cards]
        scored = [passes(other) for other in others if other.total is not None]
        rate = statistics.fmean(scored) if scored else None
        return [self._one(card.total, other.total, rate) for card, other in zip(cards, others, strict=True)]

    def _one(self, own: float | None, other: float | None, rate: float | None) -> float | None:
        """
        Args:
            other: the total of the twin's completion of the same number.
            rate: the share of the twin's completions that are right; None where none could be scored.
        """
        if own is None or rate is None or (self.kind == "both" and other is None):
            return None
        together = own * rate if other is None or self.kind == "product" else min(own, other)
        return (1 - self.share) * own + self.share * together


def passes(card: Scorecard) -> bool:
    """Whether a verdict is right, and no gate is closed on it."""
    return bool(card.right) and card.closed is None


def pair_metrics(groups: Groups, twins: Mapping[str, str], verdicts: Mapping[str, Verdict | None]) -> dict[str, float]:
    """Flip recall, hold rate and pair accuracy of completions, number by number, as an evaluation has them; what there
    is no pair for is left out.

    Args:
        verdicts: gold's, by case.
    """
    said: dict[str, list[bool]] = {}
    for case, twin in _pairs(groups, twins):
        if verdicts[case] is None or verdicts[twin] is None:
            continue
        flips = verdicts[case] != verdicts[twin]
        for one, other in zip(groups[case], groups[twin], strict=True):
            right, held = bool(one.right and other.right), _verdict(one) == _verdict(other) is not None
            said.setdefault("ruling/pair_accuracy", []).append(right)
            said.setdefault(f"ruling/{'flip_recall' if flips else 'hold_rate'}", []).append(right if flips else held)
    return {name: statistics.fmean(values) for name, values in said.items()}


def _pairs(groups: Groups, twins: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each pair once."""
    for case in groups:
        twin = twins.get(case)
        if twin is not None and twin in groups and case < twin:
            yield case, twin


def _verdict(card: Scorecard) -> Verdict | None:
    return card.ruling.verdict if isinstance(card.ruling, Ruling) else None
