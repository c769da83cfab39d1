"""Buffer: what was read and not yet looked at, a few seconds of it, whatever the pace of either side.

Frames lie as files in a folder of the watcher's. Where the source waits, so does its reader while the buffer is full;
where it does not, the oldest frames give way, and are counted.
"""

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from data.case import Frame
from data.media.live.item import Item, Lost, Opened, Over, Sound
from data.media.video.frames import VideoFrame

QUALITY = 92
"""Of the JPEGs, as where cases are prepared."""


@dataclass(frozen=True)
class Dropped:
    """What gave way because it was not looked at in time."""

    frames: int
    sound: float
    """Seconds."""


class Buffer:
    """Between a thread that reads and one that looks.

    Args:
        folder: where frames are written.
        most: seconds that it holds.
        waits: whether who puts something in waits while it is full.
        start: from when on anything is looked at.
    """

    def __init__(self, folder: Path, most: float, waits: bool, start: float = 0.0):
        self._folder, self._most, self._waits = folder, most, waits
        self._numbers = count()
        self._frames: deque[Frame] = deque()
        self._held: deque[Frame] = deque()
        """Those that somebody looks at: they give way to nothing."""
        self._sounds: deque[Sound] = deque()
        self._notices: deque[Opened | Lost] = deque()
        self._changed = threading.Condition()
        self._floor = start
        """From when on anything may still be looked at."""
        self._dropped_frames, self._dropped_sound = 0, 0.0
        self._closed = False
        self.reached = 0.0
        """Up to when there is something, in seconds."""
        self.until: float | None = None
        """When what was read to its end ends, where that is known."""
        self.is_over = False
        self.fault: Exception | None = None
        """Why it is over, where it did not end of itself."""

    # What reads.

    def put(self, item: Item | Lost) -> bool:
        """Takes something in; False where nobody wants more."""
        if isinstance(item, VideoFrame):
            path = self._folder / f"{next(self._numbers):08}.jpg"
            item.image.save(path, "JPEG", quality=QUALITY, subsampling=0)
            kept: Frame | Sound | Opened | Over | Lost = Frame(path=str(path), time=item.time)
        else:
            kept = item
        with self._changed:
            while self._waits and not self._closed and self._is_full():
                self._changed.wait()
            if isinstance(kept, Frame):
                self._frames.append(kept)
                self.reached = max(self.reached, kept.time)
            elif isinstance(kept, Sound):
                self._sounds.append(kept)
            elif isinstance(kept, Over):
                self.until = kept.at
            else:
                self._notices.append(kept)
            if not self._waits:
                self._make_room()
            self._changed.notify_all()
            return not self._closed

    def end(self, fault: Exception | None = None) -> None:
        """Nothing more will come."""
        with self._changed:
            self.is_over, self.fault = True, fault
            self._changed.notify_all()

    def _is_full(self) -> bool:
        return self.reached - self._floor > self._most

    def _make_room(self) -> None:
        while self._frames and self._frames[0].time < self.reached - self._most:
            self._dropped_frames += self._frames[0].time >= self._floor
            Path(self._frames.popleft().path).unlink()
        while self._sounds and self._sounds[0].time < self.reached - self._most:
            self._dropped_sound += len(self._sounds.popleft().samples) / 16_000

    # What looks.

    def wait(self, until: float, timeout: float | None = None) -> bool:
        """Waits until so much has been read, or nothing more will come; False where the time ran out before."""
        with self._changed:
            return self._changed.wait_for(lambda: self.is_over or self.reached >= until, timeout)

    def frames(self, start: float, end: float) -> list[Frame]:
        """Those of a stretch of time, in order; they stay until they are forgotten."""
        with self._changed:
            while self._frames and self._frames[0].time < end:
                self._held.append(self._frames.popleft())
            return [frame for frame in self._held if start <= frame.time < end]

    @property
    def first(self) -> float | None:
        """When the first of what nobody has looked at is shown or heard; None where there is nothing."""
        with self._changed:
            return min((queue[0].time for queue in (self._frames, self._sounds) if queue), default=None)

    def sounds(self, end: float) -> list[Sound]:
        """All that begins before a time; they are taken out."""
        with self._changed:
            return list(_taken(self._sounds, end))

    def notices(self) -> list[Opened | Lost]:
        """What happened to the source; they are taken out."""
        with self._changed:
            found = list(self._notices)
            self._notices.clear()
            return found

    def forget(self, before: float) -> None:
        """Nothing before a time will be looked at any more."""
        with self._changed:
            self._floor = before
            for frames in (self._held, self._frames):
                while frames and frames[0].time < before:
                    Path(frames.popleft().path).unlink()
            self._changed.notify_all()

    def dropped(self) -> Dropped:
        """What gave way since this was last asked."""
        with self._changed:
            found = Dropped(self._dropped_frames, round(self._dropped_sound, 3))
            self._dropped_frames, self._dropped_sound = 0, 0.0
            return found

    def close(self) -> None:
        """Nobody will look any more: who waits to put something in goes away."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def _taken(sounds: deque[Sound], end: float) -> Iterator[Sound]:
    while sounds and sounds[0].time < end:
        yield sounds.popleft()
