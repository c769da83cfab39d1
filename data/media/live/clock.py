"""Clock: what the times that a recording or a broadcast says itself are by those of the stream.

A broadcast's clock may be set back while it goes on: where an ad is put into it, or its sender begins anew. Times then
go on after what was reached.
"""

import time
from math import inf
from typing import Self

from data.media.live.item import Place

SLACK = 2.0
"""Seconds by which the clock of a broadcast may jump back and still be the same."""
STALE = 30.0
"""Seconds after which a broadcast whose past is still being passed over is taken for one whose clock was set back."""
MOST_KNOWN = 10_000
"""Pictures that are known again when a broadcast shows its past anew."""

Marks = dict[tuple[float, int], float]
"""What was added to the times of pictures, by what they say themselves and by how many bytes they have."""


class Clock:
    """A recording's: as many seconds are added all along.

    Args:
        offset: what is added to the times that it says itself.
    """

    def __init__(self, offset: float):
        self.offset = offset

    def read(self, stamp: float, size: int = 0) -> float:
        """When something is to be shown or heard that has just been read; long ago where nobody can tell yet.

        Args:
            size: of a key frame, in bytes.
        """
        return stamp + self.offset

    def shown(self, stamp: float) -> float:
        """When something is shown that was read before, and decoded now."""
        return stamp + self.offset

    def of_sound(self) -> "Clock":
        """That of its sound."""
        return self


class BroadcastClock(Clock):
    """A broadcast's. It was set back where what is read is earlier than what was read before; or where its past is
    passed over and the position does not come, though it must have been read long since.

    Args:
        place: where the stream goes on.
        marks: of what was read before, since it has set its clock back, and shows again what came before that. Is
            brought up to date.
    """

    def __init__(self, offset: float, place: Place, marks: Marks, pictures: "Self | None" = None):
        super().__init__(offset)
        self._place, self._marks, self._pictures = place, marks, pictures
        self._begun, self._is_there = time.monotonic(), False
        self._latest, self._before = -inf, offset
        """The latest time that was read by the clock as it is; what was added before it was set back."""
        self._earlier: tuple[float, int] | None = None
        """What was read last, if that was earlier than what was read before it, and how large it is."""

    def read(self, stamp: float, size: int = 0) -> float:
        if not self._is_there:
            self._pass_over(stamp, size)
            self._latest = -inf
        elif stamp >= self._latest - SLACK:
            self._earlier = None
        elif self._earlier is None:  # one alone is damaged
            self._earlier = stamp, size
            return -inf
        else:
            first = self._earlier
            self._set(self._latest + self.offset + max(0.0, stamp - first[0]) - first[0])
            self._mark(*first)
        self._latest = max(self._latest, stamp)
        self._mark(stamp, size)
        return stamp + self.offset

    def shown(self, stamp: float) -> float:
        # Pictures come later than they are read: those of before the clock was set back are later than all since.
        return stamp + (self._before if stamp > self._latest + SLACK / 2 else self.offset)

    def of_sound(self) -> "BroadcastClock":
        # Pictures and sound come by turns: where the clock is set back, one of them may still go by the old one.
        return BroadcastClock(self.offset, self._place, {}, self)

    def _pass_over(self, stamp: float, size: int) -> None:
        place = self._place
        if self._pictures is not None:
            self.offset, self._is_there = self._pictures.offset, self._pictures._is_there
            return
        if size and (stamp, size) in self._marks:
            self.offset = self._marks[stamp, size]
        elif stamp + self.offset < place.position and time.monotonic() - self._begun > STALE:
            self._set(place.position + place.gap - stamp)
        self._is_there = stamp + self.offset >= place.position

    def _set(self, offset: float) -> None:
        self._before, self.offset, self._latest, self._earlier = self.offset, offset, -inf, None

    def _mark(self, stamp: float, size: int) -> None:
        if size and self._is_there:
            self._marks[stamp, size] = self.offset
            if len(self._marks) > MOST_KNOWN:
                del self._marks[next(iter(self._marks))]
