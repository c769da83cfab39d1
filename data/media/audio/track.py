"""Track: the sound of a recording, as speech recognition takes it: 16,000 samples a second, one channel.

Its first sample is the recording's first moment, so that times in it are those of the frames, wherever the sound
begins.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError
from data.media.recording import check_end, opened, start_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE = 16_000
"""Samples a second."""
LONGEST = 4 * 3600
"""Most seconds of a recording whose sound is read: half a gigabyte of samples."""


def read_track(path: str | Path) -> "NDArray[np.int16] | None":
    """The samples, of shape [seconds · RATE]; None where there is no sound in it.

    Raises:
        DataError: the file is missing, no recording, damaged, cut off, or longer than `LONGEST`.
    """
    import av
    import numpy as np

    with opened(path) as container:
        if not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        if stream.codec_context is None:
            raise DataError("its sound is of a kind that cannot be decoded: convert it, to AAC for example", file=path)
        stream.codec_context.thread_count = 1
        start, resampler = start_of(container), av.AudioResampler("s16", "mono", RATE)
        pieces: list[NDArray[np.int16]] = []
        count, reached = 0, 0.0
        for packet in container.demux():
            if packet.pts is not None and packet.time_base is not None and packet.size:
                reached = max(reached, float((packet.pts + (packet.duration or 0)) * packet.time_base) - start)
            if packet.stream is not stream:
                continue
            for frame in packet.decode():
                assert isinstance(frame, av.AudioFrame)
                late = round(((frame.time if frame.time is not None else start) - start) * RATE) - count
                if not pieces and late > 0:  # the sound begins later than the picture
                    pieces.append(np.zeros(min(late, LONGEST * RATE), np.int16))
                    count += len(pieces[-1])
                for resampled in resampler.resample(frame):
                    pieces.append(resampled.to_ndarray()[0])
                    count += len(pieces[-1])
                if count > LONGEST * RATE:
                    raise DataError(f"longer than {LONGEST // 3600} hours: cut it into pieces", file=path)
        pieces += [resampled.to_ndarray()[0] for resampled in resampler.resample(None)]
        check_end(container, reached, path)
    return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)
