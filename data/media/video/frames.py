"""Reading frames: only those groups of pictures are decoded that hold a chosen frame.

Decoding begins at a key frame. Where the next chosen frame lies beyond groups that hold none, they are skipped by a
seek; else decoding goes on, without the pictures that no other rests on. So no frame is decoded twice, and never more
than in one pass through the file. Frames are upright, of square pixels, RGB; decoded by one thread, so that the same
file gives the same pixels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError
from data.media.images import MAX_RATIO
from data.media.recording import MAX_PIXELS, opened
from data.media.video.choice import FrameChoice
from data.media.video.cuts import cuts_in
from data.media.video.timeline import Timeline, timeline, video_of

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.video.stream import VideoStream
    from PIL import Image


@dataclass(frozen=True)
class VideoFrame:
    """A picture and when it is shown, in seconds since the recording began."""

    image: "Image.Image"
    time: float


class _Missed(Exception):
    """A frame, of which the time is told, did not come."""


def read_frames(path: str | Path, choice: FrameChoice | None = None) -> list[VideoFrame]:
    """The chosen frames of a video, in order; at least one.

    Raises:
        DataError: the file is missing, no recording, without video, damaged, cut off, or its pictures are too large or
            too thin.
    """
    choice = choice or FrameChoice()
    with opened(path) as container:
        line = timeline(container, video_of(container, path), path)
    times = line.times
    # Each pass opens the file anew: a decoder keeps state, and not every format can be wound back to its beginning.
    cuts = [(line.seconds(stamp), much) for stamp, much in cuts_in(path)] if choice.needs_cuts else []
    wanted = [line.stamps[place] for place in choice.of(times, line.end, cuts)]
    return _chosen(path, line, wanted, choice.pixels)


def _chosen(path: str | Path, line: Timeline, wanted: Sequence[int], pixels: int) -> list[VideoFrame]:
    try:
        return list(_read(path, line, wanted, pixels, seeking=True))
    except _Missed:  # not every format can be sought in
        pass
    try:
        return list(_read(path, line, wanted, pixels, seeking=False))
    except _Missed as missed:
        raise DataError(f"damaged: there is no picture at {missed} s", file=path) from missed


def _read(path: str | Path, line: Timeline, wanted: Sequence[int], pixels: int, seeking: bool) -> Iterator[VideoFrame]:
    with opened(path) as container:
        stream = video_of(container, path)
        stream.thread_type, stream.codec_context.thread_count = "NONE", 1
        for run in _runs(line, wanted) if seeking else [list(wanted)]:
            key = line.keys[line.key_of(run[0])]
            if seeking and key > line.keys[0]:
                container.seek(key, stream=stream)
            yield from _run(_decoded(container, stream, set(run)), stream, line, run, pixels, path)


def _decoded(container: "InputContainer", stream: "VideoStream", wanted: set[int]) -> "Iterator[av.VideoFrame]":
    """The pictures from here on, without those that nobody wants and no other picture rests on."""
    for packet in container.demux(stream):
        needed = packet.pts is None or packet.pts in wanted
        stream.codec_context.skip_frame = "DEFAULT" if needed else "NONREF"
        yield from packet.decode()


def _runs(line: Timeline, wanted: Sequence[int]) -> list[list[int]]:
    """The chosen frames, parted where whole groups of pictures lie between them."""
    runs = [[wanted[0]]]
    for before, stamp in pairwise(wanted):
        if line.key_of(stamp) > line.key_of(before) + 1:
            runs.append([])
        runs[-1].append(stamp)
    return runs


def _run(
    decoded: "Iterator[av.VideoFrame]",
    stream: "VideoStream",
    line: Timeline,
    run: list[int],
    pixels: int,
    path: str | Path,
) -> Iterator[VideoFrame]:
    waiting, first = list(run), True
    for frame in decoded:
        if frame.pts is None:
            continue
        if first and frame.pts > run[0] and line.key_of(frame.pts) > line.key_of(run[0]):
            break  # a seek led behind it
        first = False
        if frame.pts < waiting[0]:
            continue
        time = line.seconds(frame.pts)
        if frame.is_corrupt:
            raise DataError(f"damaged: the picture at {time:.1f} s cannot be decoded whole", file=path)
        yield VideoFrame(picture_of(frame, stream, pixels, path), time)
        # What stands for a frame that is not there stands for all up to its own time.
        while waiting and waiting[0] <= frame.pts:
            waiting.pop(0)
        if not waiting:
            return
    raise _Missed(f"{line.seconds(waiting[0]):.1f}")


def picture_of(frame: "av.VideoFrame", stream: "VideoStream", pixels: int, path: str | Path) -> "Image.Image":
    """The frame as it is meant to be seen, scaled down to so many pixels.

    Raises:
        DataError: it is too large or too thin.
    """
    if frame.width * frame.height > MAX_PIXELS:  # it may change on the way
        message = f"a frame of {frame.width} x {frame.height} pixels: more than {MAX_PIXELS // 1_000_000} megapixels"
        raise DataError(f"{message}; scale it down", file=path)
    shape = float(stream.sample_aspect_ratio or 1)
    # Of pixels that are not square, the shorter side is stretched, so that nothing is lost.
    width, height = frame.width * max(1.0, shape), frame.height * max(1.0, 1 / shape)
    if max(width, height) > MAX_RATIO * min(width, height):
        raise DataError(f"video of {width:.0f} x {height:.0f} pixels: more than {MAX_RATIO} times as long as wide",
                        file=path)  # fmt: skip
    scale = min(1.0, sqrt(pixels / (width * height)))
    size = max(1, int(width * scale)), max(1, int(height * scale))
    image = frame.to_image(width=size[0], height=size[1])
    return image.rotate(frame.rotation, expand=True) if frame.rotation % 360 else image
