"""FolderSource: a folder in which a recorder leaves one file after another, by names in their order.

A file is read once a later one is there, or once it has not grown for a while: before, it may not be whole. Files
whose clocks go on from one another (MPEG-TS, as segmenters write it) are put at their times; others one after another.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.errors import DataError
from data.media.live.file import recorded
from data.media.live.item import Item, Place, View
from data.media.recording import opened, start_of
from data.media.video.timeline import timeline, video_of

SETTLED = 2.0
"""Seconds for which the newest file must not have been written to."""
APART = 10.0
"""Seconds by which the clock of a file may go on ahead of where the one before it ended."""
BESIDE = {".m3u8", ".m3u", ".mpd", ".tmp", ".part"}
"""What recorders leave beside segments: their playlists, and what is still being written."""
PAUSE = 0.2
"""Seconds from one look into the folder to the next."""


@dataclass(frozen=True)
class FolderSource:
    """Segments, in the order of their names.

    Args:
        idle: seconds without a new file after which the stream is over; it never is if None.
    """

    path: Path
    idle: float | None = None

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def is_live(self) -> bool:
        return False  # files wait

    def items(self, view: View, place: Place) -> Iterator[Item]:
        """As `Source.items`.

        Raises:
            DataError: a file is no recording, or damaged.
        """
        # Where a recorder clears its folder, those opened before may be gone: the first that is left goes on.
        known, end, clock = {one.name: one for one in place.opened}, place.position, place.clock
        begun = place.opened[0].name if place.opened else ""
        for path in self._files(begun):
            start, length = _extent(path)
            if path.name in known:
                at, clock = known[path.name].at, known[path.name].clock
            else:
                clock = _clock(start, clock, end)
                at = start + clock
            end = at + length
            if end > place.position:
                yield from recorded(path, view, max(place.position, at), clock)

    def _files(self, first: str) -> Iterator[Path]:
        """The files from a name on, each as soon as it is whole."""
        last, since = _order(""), time.monotonic()
        while True:
            files = [path for path in self.path.iterdir() if _is_segment(path)]
            for path in files:
                _check_name(path)
            names = sorted((_order(path.name), path) for path in files)
            new = [(order, path) for order, path in names if order >= _order(first) and order > last]
            for order, path in new:
                if path == names[-1][1] and time.time() - path.stat().st_mtime < SETTLED:
                    break
                yield path
                last, since = order, time.monotonic()
            if not new and self.idle is not None and time.monotonic() - since > self.idle:
                return
            time.sleep(PAUSE)


def _is_segment(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and path.suffix.lower() not in BESIDE


def _check_name(path: Path) -> None:
    try:
        path.name.encode()
    except UnicodeEncodeError:
        shown = path.name.encode(errors="replace").decode()
        raise DataError(f"holds '{shown}', whose name is not UTF-8: rename it", file=path.parent) from None


def _order(name: str) -> tuple[list[str | int], str]:
    """Numbers in names count as numbers: ``9.ts`` comes before ``10.ts``; ``01.ts`` and ``1.ts`` are two files."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)], name


def _clock(start: float, clock: float | None, end: float) -> float:
    """What is added to a file's own times: what was added to those of the one before, if they go on from them."""
    if clock is not None and -1.0 < start + clock - end < APART:
        return clock
    return end - start


def _extent(path: Path) -> tuple[float, float]:
    """When a file begins by its own clock, and how long it is, in seconds."""
    try:
        with opened(path) as container:
            line = timeline(container, video_of(container, path), path)
            return start_of(container), line.end
    except DataError as error:
        raise DataError(f"{error.message}; take it out of the folder to go on without it", file=path) from error
