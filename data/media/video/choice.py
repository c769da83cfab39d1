"""FrameChoice: which frames of a video are looked at, and how large they are."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Pick = Literal["uniform", "scenes", "both"]


class FrameChoice(BaseModel):
    """The budget of frames and pixels, and what it is spent on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    frames: int = Field(default=8, ge=1, le=1024)
    """Most frames of one video."""
    pick: Pick = "uniform"
    """Evenly in time; the middle of each scene, of those that differ most from the one before; or half of each."""
    pixels: int = Field(default=200_704, ge=1024)
    """Most pixels of one frame (448 × 448); larger ones are scaled down."""

    @property
    def needs_cuts(self) -> bool:
        """Whether it must be known where scenes begin, for which every frame is decoded."""
        return self.pick != "uniform"

    def of(self, times: Sequence[float], end: float, cuts: Sequence[tuple[float, float]] = ()) -> list[int]:
        """The places of the chosen frames, in their order.

        Args:
            times: when each frame is shown, in seconds, in order; at least one.
            end: when the last one is gone.
            cuts: when each scene but the first begins, and how much its first frame differs from the one before.
        """
        evenly = self.frames if self.pick == "uniform" else (self.frames + 1) // 2 if self.pick == "both" else 0
        span = end - times[0]
        wanted = [times[0] + span * (part + 0.5) / evenly for part in range(evenly)]
        wanted += _middles(times[0], end, cuts, self.frames - evenly)
        return sorted({max(0, bisect_right(times, time) - 1) for time in wanted})


def _middles(start: float, end: float, cuts: Sequence[tuple[float, float]], most: int) -> list[float]:
    """The middles of the scenes, of as many as the sharpest cuts part."""
    if most < 1:
        return []
    sharpest = sorted(cuts, key=lambda cut: (-cut[1], cut[0]))[: most - 1]
    edges = [start, *sorted(time for time, _ in sharpest), end]
    return [(a + b) / 2 for a, b in pairwise(edges)]
