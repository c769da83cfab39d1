"""Recordings that somebody else has made, opened with care: of a known format, alone, and with nothing fetched.

A file says itself what format it is of, whatever it is called; playlists, which name further files and addresses, are
none of the formats here. Times are in seconds since the recording began, whatever its clock says.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError

if TYPE_CHECKING:
    from av.container import InputContainer

FORMATS = "mov,mp4,m4a,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,wav,w64,mp3,aac,flac,aiff,caf,ac3,amr,gif"
"""FFmpeg's names of the formats that may be opened."""
MAX_PIXELS = 36_000_000
"""Most pixels of a video's frame: 8K."""
LATE = 1.0
"""Seconds by which a recording may end before it says that it does."""
MICROSECONDS = 1_000_000


@contextmanager
def opened(path: str | Path) -> Iterator["InputContainer"]:
    """The open file; whatever goes wrong with it inside is an error that names it.

    Raises:
        DataError: PyAV is not installed; the file is missing, of no known format, or damaged.
    """
    try:
        import av
        from av.error import FFmpegError
    except ImportError as error:
        raise DataError("recordings are read with PyAV: pip install 'ruling[media]'", file=path) from error
    if not os.path.isfile(path):
        raise DataError("no such recording", file=path)
    if not os.path.getsize(path):
        raise DataError("an empty file", file=path)
    av.logging.set_level(None)
    limits = {"format_whitelist": FORMATS, "protocol_whitelist": "file", "max_pixels": str(MAX_PIXELS)}
    try:
        with av.open(str(Path(path).absolute()), options=limits, metadata_errors="ignore") as container:
            yield container
    except FFmpegError as error:
        what = error.strerror or type(error).__name__
        raise DataError(f"no recording that can be read, or a damaged one: {what}", file=path) from error


def start_of(container: "InputContainer") -> float:
    """When the recording begins by its own clock, in seconds."""
    return (container.start_time or 0) / MICROSECONDS


def length_of(path: str | Path) -> float | None:
    """How long a recording lasts by what it says itself, in seconds; None where it does not say.

    Raises:
        DataError: it cannot be opened.
    """
    with opened(path) as container:
        return container.duration / MICROSECONDS if container.duration and container.duration > 0 else None


def check_end(container: "InputContainer", reached: float, path: str | Path) -> None:
    """Whether as much was there as the file says.

    Args:
        reached: when the last of its packets ends, of whatever stream, in seconds since the beginning.

    Raises:
        DataError: it ends early: a file that was cut off does not complain by itself.
    """
    said = (container.duration or 0) / MICROSECONDS
    if reached < said - max(LATE, 0.02 * said):
        message = f"cut off: it should last {said:.1f} s and ends at {reached:.1f} s"
        raise DataError(f"{message}; download or export it again", file=path)
