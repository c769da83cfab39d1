"""SelectConfig: by which figure of ours a run's best checkpoint is chosen, and when to stop. The section ``select`` of
recipes whose model writes rulings.

>>> SelectConfig(by="rule_f1", every=50).patience is None
True
"""

from pydantic import BaseModel, ConfigDict, Field


class SelectConfig(BaseModel):
    """The model reviews ``data.valid`` while it is trained; see `rl.training.trainers.selection`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: str = "verdict_accuracy"
    """A figure of `ruling evaluate` on one greedy sample a case: ``rule_f1``, ``cost``, ``miss_rate``, …"""
    every: int = Field(ge=1)
    """Steps from one review to the next, a multiple of ``save_steps``, which is as many if not given. The last step is
    always one."""
    patience: int | None = Field(default=None, ge=1)
    """Training ends after so many reviews in a row that are no better than the best; None: only at its last step."""
    max_new_tokens: int | None = Field(default=None, ge=1, le=2**32 - 1)
    """A completion is cut off there; None: where those of the training are, and at 512 where it writes none."""
    batch_size: int = Field(default=32, ge=1, le=2**32 - 1)
    """Completions that each process writes at once."""
