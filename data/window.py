"""Window: which stretch of a stream a case shows, and what was found in it before.

Times in such a case count from the window's own beginning, so that windows look alike however long the stream has
been going on, and a model that learned on minutes can watch for hours. What was found before has negative times.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from data.evidence import Seconds

Time = Annotated[float, Field(allow_inf_nan=False)]
Length = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]


class Earlier(BaseModel):
    """A rule that an earlier window found broken: from when to when, in seconds of this window's clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str = Field(min_length=1)
    start: Time
    end: Time

    @model_validator(mode="after")
    def _ordered(self) -> "Earlier":
        if self.end < self.start:
            raise ValueError(f"ends ({self.end}) before it starts ({self.start})")
        return self


class Window(BaseModel):
    """A stretch of a stream."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stream: str = Field(min_length=1)
    """Its name: the id of the case that the window was cut from."""
    start: Seconds
    """When the window begins, in seconds since the stream did."""
    length: Length
    """How long it is, in seconds."""
    fresh: Length
    """How many seconds at its end no earlier window has shown: a violation in them can be raised no sooner."""
    earlier: list[Earlier] = Field(default_factory=list)
    """What earlier windows found, in order of time; a few only, however long the stream is."""

    @model_validator(mode="after")
    def _fits(self) -> "Window":
        if self.fresh > self.length:
            raise ValueError(f"more seconds are fresh ({self.fresh}) than it has ({self.length})")
        return self

    @property
    def end(self) -> float:
        """When it ends, in seconds since the stream began."""
        return self.start + self.length

    @property
    def seen(self) -> float:
        """Up to when earlier windows have shown it, in seconds of its own clock."""
        return self.length - self.fresh

    def has_open(self, rules: tuple[str, ...]) -> bool:
        """Whether one of these rules was found broken right up to what is fresh: in its last seconds, as many as are
        fresh now.
        """
        return any(item.rule in rules and item.end > self.seen - self.fresh for item in self.earlier)
