"""Timeline: when each frame of a video is shown and where decoding can begin, read without decoding anything.

It knows what a file's header only claims: how many frames there are, how long each stands (their rate may vary), and
whether the file is all there.
"""

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError
from data.media.recording import MAX_PIXELS, check_end, start_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream


@dataclass(frozen=True)
class Timeline:
    """The frames of a video in the order in which they are shown, by their stamps (in units of the stream's clock)."""

    stamps: tuple[int, ...]
    keys: tuple[int, ...]
    """The stamps of those that need no other to be decoded."""
    unit: Fraction
    """Seconds of one unit."""
    start: float
    """When the recording begins by this clock, in seconds."""
    end: float
    """When the last frame is gone, in seconds since the recording began."""

    def seconds(self, stamp: int) -> float:
        """When a frame is shown, in seconds since the recording began."""
        return max(0.0, float(stamp * self.unit) - self.start)

    @property
    def times(self) -> list[float]:
        """When each frame is shown, in seconds since the recording began."""
        return [self.seconds(stamp) for stamp in self.stamps]

    def key_of(self, stamp: int) -> int:
        """The number of the key frame from which a frame is decoded."""
        return max(0, bisect_right(self.keys, stamp) - 1)


def video_of(container: "InputContainer", path: str | Path) -> "VideoStream":
    """The file's video: the first stream that is no cover picture of a song.

    Raises:
        DataError: there is none, no decoder for it, or its frames are too large.
    """
    stream = first_video(container, path)
    width, height = stream.width, stream.height
    if not width or not height:
        raise DataError(
            "its video does not say how large it is: it is damaged, or cut off at its beginning", file=path
        )
    if width * height > MAX_PIXELS:
        message = f"video of {width} x {height} pixels: more than {MAX_PIXELS // 1_000_000} megapixels"
        raise DataError(f"{message}; scale it down", file=path)
    return stream


def first_video(container: "InputContainer", path: str | Path) -> "VideoStream":
    """The same, be it that nothing of it says yet how large it is: a broadcast may be joined in its middle.

    Raises:
        DataError: there is none, or no decoder for it.
    """
    from av.stream import Disposition

    streams = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not streams:
        kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
        raise DataError(f"there is no video in it, only {kinds}: name a recording of sound in 'audio'", file=path)
    stream = streams[0]
    if stream.codec_context is None:
        raise DataError("its video is of a kind that cannot be decoded: convert it, to H.264 for example", file=path)
    return stream


def timeline(container: "InputContainer", stream: "VideoStream", path: str | Path) -> Timeline:
    """Reads every packet of the file, decodes none, and leaves it at its end.

    Raises:
        DataError: there are no frames, they have no times, or the file is cut off.
    """
    start, unit = start_of(container), stream.time_base
    stamps: set[int] = set()
    keys: set[int] = set()
    last, reached, timeless = 0.0, 0.0, 0
    for packet in container.demux():
        if packet.size == 0 or packet.is_discard or packet.time_base is None:
            continue
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is None:
            timeless += packet.stream is stream
            continue
        ends = float((stamp + (packet.duration or 0)) * packet.time_base) - start
        reached = max(reached, ends)
        if packet.stream is stream:
            stamps.add(stamp)
            last = max(last, ends)
            if packet.is_keyframe:
                keys.add(stamp)
    if not stamps:
        why = "its frames do not say when they are shown: put it into a container, such as MP4" if timeless else (
            "there is not one frame in it"
        )  # fmt: skip
        raise DataError(why, file=path)
    check_end(container, reached, path)
    assert unit is not None
    first, final = (float(stamp * unit) - start for stamp in (min(stamps), max(stamps)))
    if last <= final and len(stamps) > 1:  # the last does not say how long it stands: as long as others do
        last = final + (final - first) / (len(stamps) - 1)
    return Timeline(tuple(sorted(stamps)), tuple(sorted(keys or {min(stamps)})), unit, start, last)
