"""Audio: the sound of a recording, what is said in it by a speech recognition that is handed in, and its picture."""

from data.media.audio.asr import recognizer, transcribe
from data.media.audio.recognizer import Recognizer, Speech
from data.media.audio.track import RATE, read_track

__all__ = ["RATE", "Recognizer", "Speech", "read_track", "recognizer", "transcribe"]
