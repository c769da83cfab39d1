"""Cascade: which cases are approved by a cheap pass alone, and what was promised of the misses.

The cheap pass only approves. What is to be rejected is always reviewed with reasoning: an advertiser is owed the rule
and the evidence.
"""

from collections.abc import Collection
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data import DataError
from data.errors import explain
from data.files import read_json, write_json
from rl.evaluation.cascade.curve import Point
from rl.evaluation.origin import Origin


class Cascade(BaseModel):
    """A threshold for the risk that a cheap pass states, and what it rests on."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    approve_below: float | None = Field(ge=0, le=1)
    """Cases of at most this risk are approved without a review; None: all are reviewed."""
    miss_rate: float = Field(gt=0, lt=1)
    """What was promised: at most this share of the cases that are to be rejected is let through."""
    confidence: float = Field(gt=0, lt=1)
    """On how many sets of cases to choose on the promise holds, at least, as a share."""
    violating: int = Field(ge=0)
    """Cases to be rejected among those that the threshold was chosen on."""
    clusters: int = Field(ge=0)
    """Independent clusters of them."""
    missed: float = Field(ge=0, le=1)
    """The miss rate there."""
    reviewed: float = Field(ge=0, le=1)
    """The share of all cases there that is reviewed with reasoning."""
    source: str
    """What those cases are called."""
    points: tuple[Point, ...] = Field(default=(), repr=False)
    """The curve there."""
    cheap: Origin | None = None
    full: Origin | None = None
    """Whose predictions they were; None where the caller vouches for it."""
    cases: frozenset[str] = Field(default=frozenset(), repr=False)
    """The ids of the cases that it was chosen on."""

    def check(self, cheap: Origin | None, full: Origin | None, cases: Collection[str]) -> None:
        """Makes sure that it can be used for these two models on these cases.

        Raises:
            DataError: it was chosen for others, or on some of these cases.
        """
        for role, own, theirs in (("cheap", self.cheap, cheap), ("reasoning", self.full, full)):
            what = own.differs_from(theirs) if own is not None and theirs is not None else None
            if what is not None:
                named = " (two files of predictions are one model's where --name says so)" if what == "model" else ""
                raise DataError(
                    f"the cascade was chosen on '{self.source}' for another {what} in the {role} pass, whose risks "
                    f"mean something else: fit it anew{named}"
                )
        if shared := sorted(self.cases & set(cases)):
            named = ", ".join(shared[:5]) + (", …" if len(shared) > 5 else "")
            raise DataError(
                f"the cascade was chosen on '{self.source}', which has {len(shared)} of these cases: {named}. It "
                "flatters there: measure it on others"
            )

    def approves(self, risk: float | None) -> bool:
        """Whether a case is approved without a review.

        Args:
            risk: that the cheap pass states; None where it states none.
        """
        return risk is not None and self.approve_below is not None and risk <= self.approve_below

    def save(self, path: str | Path) -> None:
        """Writes it as JSON."""
        write_json(path, {**self.model_dump(mode="json"), "cases": sorted(self.cases)})

    @classmethod
    def load(cls, path: str | Path) -> "Cascade":
        """Reads what `save` wrote.

        Raises:
            DataError: the file is missing or is no cascade.
        """
        try:
            return cls.model_validate(read_json(path))
        except ValidationError as error:
            field, message = explain(error, cls)
            raise DataError(message, file=path, field=field) from error
