"""Endpoint: speech recognition by a server that speaks the OpenAI API (``POST …/audio/transcriptions``)."""

import io
import math
from typing import TYPE_CHECKING, Any

from data.media.audio.recognizer import Speech, unavailable
from data.media.audio.track import RATE
from data.transcript import Line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PIECE = 600
"""Seconds sent at once: 19 MB, below what servers take (25)."""


class Endpoint:
    """A server, asked in pieces of ten minutes.

    Args:
        url: where its API begins, ``http://localhost:8000/v1``.
        model: what it calls its model.
        key: what it lets in; the environment's ``OPENAI_API_KEY`` if None.
    """

    def __init__(self, url: str, model: str, key: str | None = None):
        import os

        from openai import OpenAI

        self.model = model
        self._client = OpenAI(base_url=url, api_key=key or os.environ.get("OPENAI_API_KEY") or "none", max_retries=2)

    @property
    def identity(self) -> str:
        """The model's name: where it is served says nothing of it, and may be secret."""
        return f"endpoint {self.model}"

    def hear(self, samples: "NDArray[np.int16]", language: str | None) -> Speech:
        """See `Recognizer.hear`. Lines are the server's segments; where it sends none, the whole piece is one line."""
        from openai import OpenAIError

        lines: list[Line] = []
        for start in range(0, len(samples), PIECE * RATE):
            piece = samples[start : start + PIECE * RATE]
            spoken: dict[str, Any] = {"language": language.lower()[:2]} if language else {}
            try:
                heard = self._client.audio.transcriptions.create(
                    file=("sound.wav", _wav(piece), "audio/wav"),
                    model=self.model,
                    response_format="verbose_json",
                    timestamp_granularities=["segment"],
                    **spoken,
                )
            except OpenAIError as error:
                raise unavailable(f"model '{self.model}' of the speech server", error) from error
            lines += _lines(heard, start / RATE, len(piece) / RATE)
            language = language or _code(getattr(heard, "language", None))
        return Speech(lines, language)


def _lines(heard: Any, start: float, length: float) -> list[Line]:
    segments = getattr(heard, "segments", None) or []
    if not segments:
        text = " ".join((heard.text or "").split())
        return [Line(start=start, end=start + length, text=text)] if text else []
    lines = []
    for segment in segments:
        mean = getattr(segment, "avg_logprob", None)
        first = start + min(max(0.0, segment.start), length)
        last = start + min(max(segment.start, segment.end), length)
        confidence = round(min(1.0, math.exp(mean)), 3) if mean is not None else None
        text = " ".join(segment.text.split())
        lines.append(Line(start=round(first, 2), end=round(max(first, last), 2), text=text, confidence=confidence))
    return lines


def _code(language: str | None) -> str | None:
    """A language's code; servers say ``english`` as well as ``en``."""
    return language if language is not None and len(language) == 2 else None


def _wav(samples: "NDArray[np.int16]") -> bytes:
    from scipy.io import wavfile

    buffer = io.BytesIO()
    wavfile.write(buffer, RATE, samples)
    return buffer.getvalue()
