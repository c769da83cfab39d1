"""Speech recognition: transcripts with times and confidence, by a model and by what is handed in."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("av")

from data import DataError, Line
from data.media.audio import Speech, recognizer, transcribe
from tests.data.media.recordings import tone, write_sound, write_video
from tests.data.media.speech import say, small_whisper

WORDS = "This tea is free today. Send twenty dollars to our company. You can win a new car in twelve days."


class Said:
    """A recognizer that is handed in."""

    identity = "said"

    def __init__(self, *lines: Line):
        self.lines = list(lines)
        self.samples: Any = None

    def hear(self, samples: Any, language: str | None) -> Speech:
        self.samples = samples
        return Speech(self.lines, language)


def test_what_is_handed_in_hears_the_whole_track(tmp_path: Path) -> None:
    said = Said(Line(start=0.5, end=9.0, text="Tea."), Line(start=1, end=1.2, text=" "))
    path = write_video(tmp_path / "a.mp4", sound=tone(2))
    speech = transcribe(path, said, "en")
    assert said.samples.dtype == np.int16 and len(said.samples) / 16000 == pytest.approx(2, abs=0.1)
    assert [line.text for line in speech.lines] == ["Tea."] and speech.language == "en"
    assert speech.lines[0].end == pytest.approx(len(said.samples) / 16000, abs=0.01)


def test_a_line_that_ends_before_it_starts_is_turned(tmp_path: Path) -> None:
    said = Said(Line(start=1.5, end=0.5, text="Tea."), Line(start=9, end=1, text="Milk."))
    lines = transcribe(write_sound(tmp_path / "a.wav", tone(2)), said).lines
    assert [line.seconds for line in lines] == [(0.5, 1.5), (1, pytest.approx(2, abs=0.01))]


def test_nothing_is_heard_where_there_is_no_sound_or_only_silence(tmp_path: Path) -> None:
    said = Said(Line(start=0, end=1, text="Thank you for watching."))
    assert transcribe(write_video(tmp_path / "a.mp4"), said) == Speech()
    assert transcribe(write_sound(tmp_path / "a.wav", np.zeros(16000)), said) == Speech()


def errors(said: list[str], heard: list[str]) -> int:
    """Words to be put in, left out or changed (Levenshtein's distance), by the formula."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        row, before = [i], row
        for j, other in enumerate(heard, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (word != other)))
    return row[-1]


@pytest.mark.slow
def test_a_real_model_hears_what_is_said(tmp_path: Path) -> None:
    path, model = say(tmp_path / "a.wav", WORDS), recognizer(small_whisper())
    speech = transcribe(path, model)
    words = re.findall(r"\w+", " ".join(line.text for line in speech.lines).lower())
    said = re.findall(r"\w+", WORDS.lower().replace("twenty", "20").replace("twelve", "12"))
    assert errors(said, words) / len(said) <= 0.4 and {"20", "12"} <= set(words)
    assert speech.language == "en" and all(0 < (line.confidence or 0) <= 1 for line in speech.lines)
    heard = [word for line in speech.lines for word in line.words]
    assert len(heard) >= len(said) - 3 and all(a.start <= b.start for a, b in pairwise(heard))
    assert transcribe(path, recognizer(small_whisper())) == speech
    assert transcribe(write_sound(tmp_path / "tone.wav", tone(3)), model).lines == []


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", tone(1))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "model.bin").write_bytes(b"nothing")
    for name in (str(tmp_path / "broken"), str(tmp_path / "gone")):
        with pytest.raises(DataError, match=f"{name}: (cannot be used for speech recognition|needs faster-whisper)"):
            transcribe(path, recognizer(name))
