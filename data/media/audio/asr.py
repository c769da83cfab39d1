"""Speech recognition by name, and the transcript of a recording by it.

- a folder or name of faster-whisper (CTranslate2); a folder is known by its ``model.bin``
- a folder or name of a Whisper in transformers' format
- ``http://…`` or ``https://…``: a server that speaks the OpenAI API, asked at ``/audio/transcriptions``
"""

from pathlib import Path

from data.media.audio.endpoint import Endpoint
from data.media.audio.faster_whisper import FasterWhisper
from data.media.audio.recognizer import Recognizer, Speech
from data.media.audio.track import RATE, read_track
from data.media.audio.transformers_whisper import TransformersWhisper
from data.page import SCHEMES
from data.transcript import Line


def recognizer(name: str, model: str | None = None) -> Recognizer:
    """The recognizer of a name, a folder or a server's address; nothing is loaded or asked before it is used.

    Args:
        model: what a server calls its model.
    """
    if name.lower().startswith(SCHEMES):
        return Endpoint(name, model or "whisper-1")
    folder = Path(name)
    faster = (folder / "model.bin").is_file() if folder.is_dir() else "faster" in name.lower()
    return FasterWhisper(name) if faster else TransformersWhisper(name)


def transcribe(path: str | Path, by: Recognizer, language: str | None = None) -> Speech:
    """What is said in a recording; nothing where it has no sound or nobody speaks.

    Raises:
        DataError: the file cannot be read, or the recognizer not be used.
    """
    samples = read_track(path)
    if samples is None or not samples.any():
        return Speech()
    speech = by.hear(samples, language)
    end = round(len(samples) / RATE, 2)
    return Speech([_within(line, end) for line in speech.lines if line.text.strip()], speech.language)


def _within(line: Line, end: float) -> Line:
    """A line that does not outlast the recording, nor end before it starts: recognition rounds, and errs."""
    if line.seconds is None:
        return line
    first, last = sorted(min(second, end) for second in line.seconds)
    return line if (first, last) == line.seconds else line.model_copy(update={"start": first, "end": last})
