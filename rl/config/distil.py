"""What is self-distillation's own in a recipe: who the teacher is, what it is told, and how it is compared with."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class DistilConfig(BaseModel):
    """The student writes; a teacher that is told more scores the student's own tokens, and the student moves to it."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    feedback: Literal["gold", "scorecard", "findings"] = "gold"
    """What the teacher is told beside the brief: gold's ruling without its reasoning; what each reward said of the
    student's own completion; or which of the student's findings are wrong. See `rl.training.feedback`."""
    divergence: Literal["forward", "reverse", "jensen_shannon"] = "reverse"
    """KL(teacher ‖ student), KL(student ‖ teacher), or the mean of both to the mixture of the two."""
    top_k: int | None = Field(default=None, ge=1, le=10**6)
    """Compare the tokens that the teacher finds likeliest, and all others as one; None compares the whole
    vocabulary."""
    decay: float = Field(default=1.0, ge=0, le=1)
    """The share of the teacher's weights that each step leaves: 1 is the policy as it was at the start, 0 the policy
    itself as it is, between them a moving average of it."""
    grpo: float = Field(default=0.0, ge=0, le=1000)
    """Weight of GRPO's loss on the same completions, which is added; 0 leaves it out."""
