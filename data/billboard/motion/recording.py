"""Recording: a clip as an MP4 file, H.264 and AAC: small, and the same for the same clip and the same PyAV."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from data.billboard.motion.clip import Clip
from data.billboard.motion.picture import SIDE, picture
from data.billboard.motion.sounds import track
from data.errors import DataError
from data.files import whole_file
from data.media.audio.track import RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import av

FRAMES = 4
"""A second."""
BLOCK = 1024
"""Samples that are encoded at once."""
BITS = 48_000
"""Of sound, a second."""
EXACT = {"threads": "1", "flags": "+bitexact"}


def record(clip: Clip, path: Path) -> None:
    """Writes a clip's file.

    Raises:
        DataError: PyAV is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise DataError("clips are written with PyAV: pip install 'ruling[media]'", file=path) from error
    # To wait for the disk at each file takes longer than to make it; the same seed makes a lost one again.
    with (
        whole_file(path, flushed=False) as draft,
        av.open(str(draft), "w", format="mp4", container_options={"fflags": "+bitexact"}) as container,
    ):
        options = {"preset": "veryfast", "crf": "20", "x264-params": "cpu-independent=1"}
        video = container.add_stream("libx264", rate=FRAMES, options=EXACT | options)
        video.width, video.height, video.pix_fmt = SIDE, SIDE, "yuv420p"
        audio = container.add_stream("aac", rate=RATE, layout="mono", options=EXACT | {"aac_coder": "fast"})
        audio.bit_rate = BITS
        for number in range(round(clip.length * FRAMES)):
            frame = av.VideoFrame.from_image(picture(clip, number / FRAMES))
            frame.pts, frame.time_base = number, Fraction(1, FRAMES)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        for block in _blocks(clip):
            container.mux(audio.encode(block))
        container.mux(audio.encode())


def _blocks(clip: Clip) -> "Iterator[av.AudioFrame]":
    import av

    samples = track(clip)
    for start in range(0, len(samples), BLOCK):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + BLOCK], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        yield frame
