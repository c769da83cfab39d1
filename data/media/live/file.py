"""FileSource: a recording, watched as if it went on now."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.media.live.clock import Clock
from data.media.live.decode import decoded
from data.media.live.item import Item, Opened, Over, Place, View
from data.media.recording import MICROSECONDS, check_end, opened, start_of
from data.media.video.timeline import video_of

if TYPE_CHECKING:
    from av.container import InputContainer

BACK = 5.0
"""Seconds before the position that a seek aims at, since not every format is sought in exactly."""


@dataclass(frozen=True)
class FileSource:
    """One file. It can wait: nothing of it is missed."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def is_live(self) -> bool:
        return False

    def items(self, view: View, place: Place) -> Iterator[Item]:
        """As `Source.items`.

        Raises:
            DataError: the file is missing, no recording, without video, damaged or cut off.
        """
        yield from recorded(self.path, view, place.position, None)


def recorded(path: Path, view: View, position: float, clock: float | None) -> Iterator[Item]:
    """What a file shows from a position on.

    Args:
        clock: what is added to the times that it says itself; they are those since its beginning if None.

    Raises:
        DataError: the file is missing, no recording, without video, damaged or cut off.
    """
    with opened(path) as container:
        offset = -start_of(container) if clock is None else clock
        at = start_of(container) + offset
        yield Opened(path.name, round(at, 3), offset)
        reached = max(at, position)  # whoever goes on there has seen what lies before
        if position - at > 2 * BACK:
            _seek(container, position - offset - BACK)
        for item in decoded(container, video_of(container, path), path, view, Clock(offset), position):
            reached = max(reached, item.time)
            yield item
        # The last frame stands for a while, and the sound may go on: a tick or a second of difference says nothing.
        check_end(container, reached + 1 / view.rate - start_of(container) - offset, path)
        if container.duration:
            yield Over(at + container.duration / MICROSECONDS)


def _seek(container: "InputContainer", to: float) -> None:
    """To the last key frame before a time of the file's own clock; stays where it is where that is not possible."""
    from av.error import FFmpegError

    try:
        container.seek(int(to * MICROSECONDS))
    except FFmpegError:
        container.seek(0)
