"""LocalReward: what rewards that run a model of their own, beside the one in training, have in common."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from rewards.batch import BatchReward
from rewards.models.room import RulingTooLong
from rewards.score import Score

Count = Annotated[int, Field(ge=1)]
Precision = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(kw_only=True, eq=False)
class LocalReward(BatchReward):
    """A batch reward with a model in this process, loaded when the reward is built.

    Every training process holds a whole copy, also under ZeRO. What cannot be put to the model (a picture that cannot
    be read, a case longer than its context) leaves that one ruling unscored. A ruling that is too long itself earns
    the low end; see `rewards.models.room`.
    """

    model: str
    """A checkpoint's folder, a run's folder (its final checkpoint is meant), or a name on the Hub."""
    batch_size: Count = 16
    """Texts that go through the model at once; fewer take less memory."""
    dtype: Precision = "auto"
    """Precision of the weights; ``auto`` is what the checkpoint says."""
    device: str | None = None
    """Such as ``cuda:1`` or ``cpu``; None is this process's GPU if it has one."""


def low_if_too_long(outcome: Score | Exception) -> Score | Exception:
    """The outcome, or the low end where it is that the ruling is too long."""
    return Score(0.0, str(outcome)) if isinstance(outcome, RulingTooLong) else outcome
