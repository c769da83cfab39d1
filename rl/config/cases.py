"""Which cases a policy is trained on, and how often each is drawn."""

from pydantic import BaseModel, ConfigDict, Field


class HardConfig(BaseModel):
    """Which cases to draw more often; see `rl.curation.hard_cases`."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    look_at: int = Field(default=3000, ge=1)
    """How many training cases the model reviews first."""
    share: float = Field(default=0.25, gt=0, lt=1)
    """What share of the cases trained on are such that the model gets wrong."""


class MasteredConfig(BaseModel):
    """Which cases to draw less often from the second epoch on; see `rl.training.trainers.mastered`."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    pass_rate: float = Field(default=0.9, gt=0, le=1)
    """The share of right verdicts from which a case is mastered."""
    drawn: float = Field(default=0.25, gt=0, lt=1)
    """How often a mastered case is drawn, where another is drawn once."""
