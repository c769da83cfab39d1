"""Cuts: where one scene of a video gives way to another.

A cut is where the picture changes at once: its mean difference from the one before (32 × 18 pixels, grey, in shares of
white) is at least `LEAST`, and larger than that of its neighbours within `APART` seconds. Fades are not found.
"""

from bisect import bisect_left
from pathlib import Path

from data.media.recording import opened
from data.media.video.timeline import video_of

SIZE = (32, 18)
LEAST = 0.1
APART = 0.3


def cuts_in(path: str | Path) -> list[tuple[int, float]]:
    """The stamps of the frames that begin a scene, and how much each differs from the one before, 0..1.

    Raises:
        DataError: the file cannot be read.
    """
    import numpy as np

    stamps: list[int] = []
    changes: list[float] = []
    with opened(path) as container:
        stream = video_of(container, path)
        stream.thread_type, stream.codec_context.thread_count = "NONE", 1
        unit, before = float(stream.time_base or 1), None
        for frame in container.decode(stream):
            if frame.pts is None:
                continue
            # A change of size says nothing: only what is seen counts.
            grey = frame.reformat(*SIZE, format="gray").to_ndarray().astype(np.int16)
            if before is not None:
                stamps.append(frame.pts)
                changes.append(float(np.abs(grey - before).mean()) / 255)
            before = grey
    sharpest = sorted((at for at in range(len(stamps)) if changes[at] >= LEAST), key=lambda at: (-changes[at], at))
    cuts: list[int] = []  # in order
    for at in sharpest:
        place = bisect_left(cuts, at)
        if all(abs(stamps[at] - stamps[cut]) * unit >= APART for cut in cuts[max(0, place - 1) : place + 1]):
            cuts.insert(place, at)
    return [(stamps[at], changes[at]) for at in cuts]
