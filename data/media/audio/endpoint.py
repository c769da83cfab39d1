"""Endpoint: speech recognition by a server that speaks the OpenAI API (``POST …/audio/transcriptions``)."""

import io
import math
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from data.address import Address, key_in
from data.errors import explain
from data.media.audio.recognizer import Speech, unavailable
from data.media.audio.track import RATE
from data.response_bodies import MOST_OF_AN_ERROR, shorten
from data.transcript import Line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PIECE = 600
"""Seconds sent at once: 19 MB, below what servers take (25)."""
MOST_BYTES = 32_000_000
"""Of an answer: an hour of speech is a hundredth of that."""


class _Segment(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)

    start: float
    end: float
    text: str
    avg_logprob: float | None = None


class _Heard(BaseModel):
    """What is read of a server's answer."""

    text: str
    language: str | None = None
    segments: list[_Segment] | None = None


class Endpoint:
    """A server, asked in pieces of ten minutes.

    Args:
        url: where its API begins, ``http://localhost:8000/v1``.
        model: what it calls its model.
        key: what it lets in; the environment's ``OPENAI_API_KEY`` if None.

    Raises:
        DataError: the URL is no address of a server.
    """

    def __init__(self, url: str, model: str, key: str | None = None):
        from openai import DefaultHttpxClient, OpenAI

        key = key or key_in("OPENAI_API_KEY")
        self.model, self._address = model, Address.of(url, key, field="speech.model")
        self._client = OpenAI(
            base_url=self._address.shown,
            api_key=key or "none",
            default_headers=self._address.headers | {"Accept-Encoding": "identity"},
            default_query=self._address.query,
            http_client=DefaultHttpxClient(event_hooks={"response": [_read_beginning]}),
            max_retries=2,
        )

    @property
    def identity(self) -> str:
        """The model's name: where it is served says nothing of it, and may be secret."""
        return f"endpoint {self.model}"

    def hear(self, samples: "NDArray[np.int16]", language: str | None) -> Speech:
        """See `Recognizer.hear`. Lines are the server's segments; where it sends none, the whole piece is one line."""
        lines: list[Line] = []
        for start in range(0, len(samples), PIECE * RATE):
            piece = samples[start : start + PIECE * RATE]
            heard = self._heard(piece, language)
            lines += _lines(heard, start / RATE, len(piece) / RATE)
            language = language or _code(heard.language)
        return Speech(lines, language)

    def _heard(self, piece: "NDArray[np.int16]", language: str | None) -> _Heard:
        from openai import OpenAIError

        spoken: dict[str, Any] = {"language": language.lower()[:2]} if language else {}
        try:
            answer = self._client.audio.transcriptions.with_raw_response.create(
                file=("sound.wav", _wav(piece), "audio/wav"),
                model=self.model,
                response_format="verbose_json",
                timestamp_granularities=["segment"],
                **spoken,
            )
            return _Heard.model_validate_json(answer.content)
        except OpenAIError as error:
            said = str(error)
        except ValidationError as error:
            said = "its answer is no transcription: {}: {}".format(*explain(error))
        raise unavailable(f"model '{self.model}' of the speech server", self._address.hide(said)) from None


def _read_beginning(response: Any) -> None:
    shorten(response, MOST_OF_AN_ERROR if response.is_error else MOST_BYTES)


def _lines(heard: _Heard, start: float, length: float) -> list[Line]:
    if not heard.segments:
        text = " ".join(heard.text.split())
        return [Line(start=start, end=start + length, text=text)] if text else []
    lines = []
    for segment in heard.segments:
        mean = segment.avg_logprob
        first = start + min(max(0.0, segment.start), length)
        last = start + min(max(segment.start, segment.end), length)
        confidence = round(math.exp(min(0.0, mean)), 3) if mean is not None else None
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
