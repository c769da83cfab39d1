"""Evidence: where in a case a rule is broken.

Three kinds, told apart by their keys, in rulings and in gold alike:

- ``{"quote": "cures diabetes", "field": "title"}``: words from a text field, from ``transcript``, or from ``page``,
  then with ``"section": 2`` as well
- ``{"interval": [3.2, 5.0]}``: seconds of video or audio
- ``{"image": 0, "region": [x0, y0, x1, y1]}`` (or ``"frame": 3``): a box, normalised to 0..1
"""

from typing import Annotated, Union

from pydantic import BaseModel, ConfigDict, Field, model_validator

Unit = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class Quote(BaseModel):
    """Words that stand in a text field of the case."""

    model_config = ConfigDict(extra="forbid")

    quote: str = Field(min_length=1)
    field: str = Field(min_length=1)
    """Name of a text field, ``transcript``, or ``page``."""
    section: int | None = Field(default=None, ge=0)
    """Which section of the page, counted from 0; without it, any."""


class Interval(BaseModel):
    """A stretch of video or audio, in seconds."""

    model_config = ConfigDict(extra="forbid")

    interval: tuple[Seconds, Seconds]

    @model_validator(mode="after")
    def _ordered(self) -> "Interval":
        start, end = self.interval
        if end < start:
            raise ValueError(f"interval ends ({end}) before it starts ({start})")
        return self


class Region(BaseModel):
    """A box in an image or a frame: ``[x0, y0, x1, y1]``, normalised to 0..1."""

    model_config = ConfigDict(extra="forbid")

    image: int | None = Field(default=None, ge=0)
    frame: int | None = Field(default=None, ge=0)
    region: tuple[Unit, Unit, Unit, Unit]

    @model_validator(mode="after")
    def _well_formed(self) -> "Region":
        if (self.image is None) == (self.frame is None):
            raise ValueError("a region names exactly one of 'image' and 'frame'")
        x0, y0, x1, y1 = self.region
        if x1 <= x0 or y1 <= y0:
            raise ValueError(f"region {list(self.region)} has no area: want x0 < x1 and y0 < y1")
        return self


# No two have keys in common, so the first that fits is the one: the others need not be tried.
Evidence = Annotated[Union[Quote, Interval, Region], Field(union_mode="left_to_right")]
