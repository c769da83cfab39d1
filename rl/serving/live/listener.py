"""Listener: what is said in a stream, recognised a window's new seconds at a time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from data import Line
from data.media.audio.recognizer import Recognizer
from data.media.audio.track import RATE
from data.media.live import Sound
from data.windows import Span
from data.windows.cut import heard_in, moved

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Listener:
    """Writes down what is said.

    Args:
        by: speech recognition; hears nothing if None.
        language: that is spoken; found out if None.
    """

    def __init__(self, by: Recognizer | None, language: str | None):
        self._by, self._language = by, language
        self._lines: list[Line] = []
        """Of the last windows."""

    def heard(self, sounds: Sequence[Sound], span: Span) -> list[Line]:
        """The lines of a window, at their times in the stream.

        Args:
            sounds: those that are new.
        """
        sounds = [sound for sound in sounds if sound.time + len(sound.samples) / RATE > span.start]
        samples = _joined(sounds)
        if self._by is not None and samples is not None and samples.any():
            at, end = min(sound.time for sound in sounds), span.end
            for line in self._by.hear(samples, self._language).lines:
                if line.text.strip():
                    self._lines.append(moved(line, lambda time: min(at + time, end)))  # recognition rounds up
        self._lines = [line for line in self._lines if line.end is not None and line.end > span.start]
        return heard_in(self._lines, span)

    def skip(self) -> None:
        """Some windows are left out."""
        self._lines.clear()


def _joined(sounds: Sequence[Sound]) -> "NDArray[np.int16] | None":
    """All of them from the first one's time, with silence where something is missing."""
    import numpy as np

    if not sounds:
        return None
    begun = min(sound.time for sound in sounds)  # a clock may be set back by a little
    places = [round((sound.time - begun) * RATE) for sound in sounds]
    whole = np.zeros(max(place + len(sound.samples) for place, sound in zip(places, sounds, strict=True)), np.int16)
    for place, sound in zip(places, sounds, strict=True):
        whole[place : place + len(sound.samples)] = sound.samples
    return whole
