"""What the judge's tests put to it."""

from collections.abc import Callable
from typing import Any

from data import Brief, Case, Ruling
from rewards.batch import Item
from rewards.model_based.judge import Judge, ReasoningJudge, ServerReward
from rewards.testing.small import BOOK, CURES, PRIZE, rejecting, rule_on

MakeJudge = Callable[..., Judge]
MakeReader = Callable[..., ReasoningJudge]
RULING = rule_on("reject", {"rule": "CURE-1", "evidence": [CURES]}, {"rule": "WIN-1", "evidence": [PRIZE]})


def item(note: str = "", ruling: Ruling = RULING, case: Case | None = None) -> Item:
    """The ruling, made another one by a note in its reasoning."""
    said = ruling.model_copy(update={"reasoning": f"{ruling.reasoning} {note}"})
    return Item(said, Brief.of(case or rejecting(), BOOK))


def one(judge: ServerReward, note: str = "") -> Any:
    (outcome,) = judge.score_batch([item(note)])
    return outcome
