"""What a source gives as it goes on, what is wanted of it, and where it is to go on.

All times are in seconds since the stream began, which is when somebody first watched it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import ceil
from typing import TYPE_CHECKING, TypeAlias

from data.media.video.frames import VideoFrame

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLOSE = 1e-2
"""Of the time from one frame that is looked at to the next: clocks of containers round."""


@dataclass(frozen=True)
class View:
    """What is wanted of a stream."""

    rate: float = 1.0
    """Frames a second that are looked at: the first one at or after each tick."""
    pixels: int = 200_704
    """Most pixels of one (448 × 448); larger ones are scaled down."""
    sound: bool = False
    """Whether its sound is wanted as well."""

    def tick(self, time: float) -> int:
        """The number of the last tick up to a time."""
        return int(time * self.rate + CLOSE)

    def next(self, time: float) -> float:
        """When, behind a time, the next frame is looked for."""
        return (self.tick(time) + 1) / self.rate

    def first(self, position: float) -> int:
        """The number of the first tick from a time on."""
        return max(0, ceil(position * self.rate - CLOSE))


@dataclass(frozen=True)
class Sound:
    """A piece of sound: 16,000 samples a second of one channel, and when its first one is heard."""

    samples: "NDArray[np.int16]"
    time: float


@dataclass(frozen=True)
class Opened:
    """A source, or one of the files that it consists of, was opened."""

    name: str
    """As people may see it."""
    at: float
    """When what it holds begins, by the stream's time."""
    clock: float
    """What is added to the times that it says itself."""


@dataclass(frozen=True)
class Lost:
    """A source broke off, or a piece of it could not be read."""

    why: str
    at: float
    """What was reached by then."""
    wait: float = 0.0
    """Seconds until it is opened anew."""


@dataclass(frozen=True)
class Over:
    """A recording was read to its end."""

    at: float
    """When that is, by the stream's time, as far as it says so itself."""


Item: TypeAlias = VideoFrame | Sound | Opened | Over


@dataclass(frozen=True)
class Place:
    """Where a stream is to go on."""

    position: float = 0.0
    """From when on it is wanted."""
    gap: float = 0.0
    """Seconds that went by since it was last read: what a broadcast that goes on has shown meanwhile."""
    opened: tuple[Opened, ...] = field(default=())
    """What has been opened before, from that which shows the position on."""
    passing: bool = False
    """Whether what is announced and cannot be had is passed, as waiting for it has brought nothing."""

    @property
    def clock(self) -> float | None:
        """The last one; None where nothing has been opened."""
        return self.opened[-1].clock if self.opened else None

    def after(self, opened: Iterable[Opened]) -> "Place":
        """The place, knowing what was opened meanwhile; what lies before the position is forgotten."""
        known = [*self.opened, *opened]
        before = [place for place, one in enumerate(known) if one.at <= self.position]
        return replace(self, opened=tuple(known[before[-1] if before else 0 :]))
