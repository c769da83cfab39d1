"""WindowSettings: how a stream is cut into windows. Training and watching take the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

One = TypeVar("One")
ROUNDING = 1e-6
"""Seconds by which sums of floats may miss one another."""
SHORTEST = 1e-3
"""Seconds at the end of a stream that still make a window: times in cases have three digits."""


@dataclass(frozen=True)
class Span:
    """From when to when a window goes, in seconds since the stream began."""

    number: int
    """From 0."""
    start: float
    end: float
    fresh: float
    """Seconds at its end that no earlier window shows."""

    @property
    def length(self) -> float:
        return self.end - self.start


class WindowSettings(BaseModel):
    """Windows of some seconds, one every so often."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    seconds: float = Field(default=4.0, gt=0, le=3600)
    """How long a window is. The first ones are shorter where windows overlap."""
    every: float = Field(default=4.0, gt=0, le=3600)
    """How many seconds after one window the next one ends; fewer than ``seconds`` makes windows overlap."""
    frames: int = Field(default=4, ge=1, le=256)
    """Most frames of one window."""
    remember: int = Field(default=8, ge=0, le=256)
    """Most findings of earlier windows that a window is told of, the latest ones: its cost does not grow with the
    stream."""

    @model_validator(mode="after")
    def _nothing_unseen(self) -> "WindowSettings":
        if self.every > self.seconds:
            raise ValueError(
                f"every: {self.every:g} s apart, windows of {self.seconds:g} s would leave seconds unseen"
            )
        return self

    @property
    def rate(self) -> float:
        """Frames a second that are looked at."""
        return self.frames / self.seconds

    def span(self, number: int, end: float | None = None) -> Span:
        """The window of a number, counted from 0.

        Args:
            end: when the stream ends, if that cuts the window short.
        """
        last, before = (number + 1) * self.every, number * self.every
        last = last if end is None else min(last, end)
        return Span(number, max(0.0, (number + 1) * self.every - self.seconds), last, last - before)

    def count(self, time: float) -> int:
        """How many whole windows have ended by a time."""
        return int(time / self.every + ROUNDING)

    def spans(self, duration: float) -> Iterator[Span]:
        """All windows of a stream that lasts so long; the last one may be shorter."""
        for number in count():
            if number * self.every > duration - SHORTEST + ROUNDING:
                return
            yield self.span(number, duration)

    def thinned(self, frames: Sequence[One], most: int | None = None) -> list[One]:
        """No more than a window may have, evenly chosen, in their order.

        Args:
            most: fewer than that.
        """
        most = min(self.frames, most or self.frames)
        if len(frames) <= most:
            return list(frames)
        return [frames[(2 * place + 1) * len(frames) // (2 * most)] for place in range(most)]
