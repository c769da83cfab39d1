"""Feed: a thread that reads a source into a buffer, at the pace it is asked for, and opens it anew when it breaks off.

It waits longer from one try to the next, and gives up when nothing has come for too long.
"""

import threading
import time
from dataclasses import dataclass, replace
from types import TracebackType

from data.address import without_credentials
from data.errors import DataError
from data.media.live.buffer import Buffer
from data.media.live.item import Lost, Opened, Over, Place, Sound, View
from data.media.live.source import Source
from data.media.video.frames import VideoFrame

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
"""Seconds from one try to open a source to the next."""


@dataclass(frozen=True)
class Pace:
    """How fast a source is read, and how long it is waited for."""

    is_fast: bool = False
    """Whether what can wait is read as fast as possible, and not at its own pace."""
    give_up: float = 300.0
    """Seconds without anything new after which a source that broke off is over; one that never came is an error."""


class Feed:
    """Reads while it is entered.

    Args:
        place: where to go on.
    """

    def __init__(self, source: Source, view: View, place: Place, buffer: Buffer, pace: Pace):
        self._source, self._view, self._place, self._buffer, self._pace = source, view, place, buffer, pace
        self._stop = threading.Event()
        self._begun = (time.monotonic(), place.position)
        self._heard = time.monotonic()
        """When something new came last."""
        self._sounded = -1.0
        """When the last sound began, by the stream's time: what is opened anew repeats it."""
        # A source that hangs must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name=f"reading {source.name}", daemon=True)

    def __enter__(self) -> "Feed":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._stop.set()
        self._buffer.close()
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        try:
            self._read()
        except Exception as error:
            self._buffer.end(error)
        else:
            self._buffer.end()

    def _read(self) -> None:
        pause = FIRST_PAUSE
        while True:
            opened, fresh, why = False, False, ""
            try:
                for item in self._source.items(self._view, self._place):
                    if isinstance(item, Sound):
                        if item.time <= self._sounded:
                            continue
                        self._sounded = item.time
                    if isinstance(item, Opened):
                        opened = True
                        self._place = self._place.after([item])
                    elif not isinstance(item, Over):
                        fresh, self._heard, pause = True, time.monotonic(), FIRST_PAUSE
                        self._keep_pace(item.time)
                    if isinstance(item, VideoFrame):
                        self._place = replace(self._place, position=self._view.next(item.time))
                    if self._stop.is_set() or not self._buffer.put(item):
                        return
            except DataError:
                raise
            except OSError as error:
                why = without_credentials(error.strerror or str(error) or type(error).__name__)
            else:
                if not self._source.is_live or (opened and not fresh and self._place.passing):
                    return  # it has nothing more to say
                # Else whoever sends it may have gone; what was no more than its end shows when it is opened anew.
            silent = time.monotonic() - self._heard
            if silent > self._pace.give_up:
                message = f"gave nothing for {silent:.0f} s ({why or 'it ended'})"
                if not self._place.opened:
                    raise DataError(message, file=self._source.name)
                self._buffer.put(Lost(message, self._buffer.reached))
                return
            if why:
                self._buffer.put(Lost(why, self._buffer.reached, pause))
            if self._stop.wait(pause):
                return
            pause = min(LONGEST_PAUSE, 2 * pause)
            self._place = replace(self._place, gap=time.monotonic() - self._heard, passing=not fresh)

    def _keep_pace(self, time_: float) -> None:
        """Waits until what can wait would be shown."""
        if self._source.is_live or self._pace.is_fast:
            return
        begun, position = self._begun
        self._stop.wait(min(max(0.0, begun + time_ - position - time.monotonic()), threading.TIMEOUT_MAX))
