"""FasterWhisper: Whisper by CTranslate2, as the machine is fastest, with voice activity by Silero."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import DataError
from data.media.audio.recognizer import Speech, unavailable
from data.transcript import Line, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class FasterWhisper:
    """A model of faster-whisper, loaded when it is first used.

    Args:
        name: a folder, or a name that faster-whisper knows; nothing is downloaded where ``HF_HUB_OFFLINE`` is set.
    """

    def __init__(self, name: str):
        self.name = name
        self._model: Any = None

    @property
    def identity(self) -> str:
        size = sum(file.stat().st_size for file in Path(self.name).glob("*")) if Path(self.name).is_dir() else ""
        return f"faster-whisper {Path(self.name).name} {size}"

    def hear(self, samples: "NDArray[np.int16]", language: str | None) -> Speech:
        """See `Recognizer.hear`. Where nobody speaks, nothing is heard: Whisper itself would make something up."""
        import numpy as np

        model = self._loaded()
        segments, info = model.transcribe(
            samples.astype(np.float32) / 32768,
            language=language.lower()[:2] if language and model.model.is_multilingual else None,
            beam_size=5,
            temperature=0.0,  # no sampling where it is unsure: the same sound, the same words
            condition_on_previous_text=False,  # else one mistake goes on and on
            word_timestamps=True,
            vad_filter=True,
        )
        return Speech([_line(segment) for segment in segments], info.language)

    def _loaded(self) -> Any:
        if self._model is None:
            try:
                from faster_whisper import WhisperModel
            except ImportError as error:
                raise DataError("needs faster-whisper: pip install 'ruling[media]'", file=self.name) from error
            try:
                self._model = WhisperModel(self.name, compute_type="auto", cpu_threads=1)
            except (OSError, RuntimeError, ValueError) as error:
                raise unavailable(self.name, error) from error
        return self._model


def _line(segment: Any) -> Line:
    words = [
        Word(start=round(word.start, 2), end=round(word.end, 2), text=text, confidence=round(word.probability, 3))
        for word in segment.words or []
        if (text := word.word.strip())
    ]
    # Whisper's pieces of words begin without a blank: they are one word.
    text, start, end = " ".join(segment.text.split()), round(segment.start, 2), round(segment.end, 2)
    if " ".join(word.text for word in words) != text:
        words = _joined(words, text)
    sure = [word.confidence for word in words if word.confidence is not None]
    confidence = round(sum(sure) / len(sure), 3) if sure else None
    return Line(start=start, end=max(start, end), text=text, confidence=confidence, words=words)


def _joined(pieces: list[Word], text: str) -> list[Word]:
    """The text's words, each from the pieces that it consists of, as sure as its least sure piece; none where they do
    not fit."""
    words: list[Word] = []
    left = list(pieces)
    for shown in text.split():
        own: list[Word] = []
        while left and len("".join(piece.text for piece in own)) < len(shown):
            own.append(left.pop(0))
        if "".join(piece.text for piece in own).replace(" ", "") != shown:
            return []
        least = min((piece.confidence for piece in own if piece.confidence is not None), default=None)
        words.append(Word(start=own[0].start, end=own[-1].end, text=shown, confidence=least))
    return words if not left else []
