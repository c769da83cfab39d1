"""Reviews: how well the model ruled on valid cases, step by step, as a checkpoint holds it; see `selection`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from data import DataError
from data.errors import explain
from data.files import read_json, write_json
from rl.evaluation.metrics import LOWER_IS_BETTER, SHARES
from rl.runs.checkpoints import checkpoint_at, step_of

FILE = "selection.json"
"""In a checkpoint."""


class Review(BaseModel):
    """How well the model of one step rules."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    step: int
    value: float | None
    """None where the figure says nothing of what was written, which is worse than any value."""
    low: float | None = None
    high: float | None = None
    """Ends of its 95 % interval."""


class Reviews(BaseModel):
    """All of a run so far, in order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: str
    reviews: tuple[Review, ...] = ()

    @property
    def best(self) -> Review | None:
        """The one with the best value, the first of several; None where none has a value."""
        known = [review for review in self.reviews if review.value is not None]
        sign = 1 if self.by in LOWER_IS_BETTER else -1
        return min(known, key=lambda review: sign * (review.value or 0.0), default=None)

    @property
    def without_gain(self) -> int:
        """How many there have been since the best one; all where none is."""
        best = self.best
        return sum(best is None or review.step > best.step for review in self.reviews)

    @classmethod
    def of(cls, checkpoint: Path) -> "Reviews":
        """Those that a checkpoint holds.

        Raises:
            DataError: they are not there, or damaged.
        """
        try:
            return cls.model_validate(read_json(checkpoint / FILE))
        except ValidationError as error:
            field, message = explain(error)
            raise DataError(message, file=checkpoint / FILE, field=field) from error

    def write(self, checkpoint: Path) -> None:
        """Leaves them in a checkpoint."""
        write_json(checkpoint / FILE, self.model_dump(mode="json"), indent=None)

    def told(self, review: Review) -> str:
        """A value with its interval, in words for people."""
        if review.value is None or review.low is None or review.high is None:
            return "not known"
        shown = "{:.1%} [{:.1%}, {:.1%}]" if self.by in SHARES else "{:.3g} [{:.3g}, {:.3g}]"
        return shown.format(review.value, review.low, review.high)


def needed_by(checkpoint: Path) -> Path | None:
    """The best checkpoint so far of a run that goes on from this one; None where none has been found."""
    best = Reviews.of(checkpoint).best if (checkpoint / FILE).is_file() else None
    return None if best is None or best.step == step_of(checkpoint) else checkpoint_at(checkpoint.parent, best.step)
