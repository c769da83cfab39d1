"""Recordings made on the spot. Each frame shows its own number, in eight bars at the top that are black or white."""

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

BARS = 8


def numbered(number: int, size: tuple[int, int], dark: bool = False) -> np.ndarray:
    """A frame that shows its number, the lowest bit on the left; below, one that is dark or bright."""
    width, height = size
    picture = np.full((height, width, 3), 40 if dark else 220, np.uint8)
    for bar in range(BARS):
        edges = slice(bar * width // BARS, (bar + 1) * width // BARS)
        picture[: height // 10, edges] = 255 if number >> bar & 1 else 0
    return picture


def number_in(image: Image.Image) -> int:
    """The number that a frame shows."""
    grey = np.asarray(image.convert("L"))
    height, width = grey.shape
    middles = [(bar * width // BARS + (bar + 1) * width // BARS) // 2 for bar in range(BARS)]
    return sum(int(grey[height // 20, middle] > 127) << bar for bar, middle in enumerate(middles))


def write_video(
    path: Path,
    frames: int = 50,
    size: tuple[int, int] = (160, 96),
    rate: int = 25,
    codec: str = "libx264",
    gop: int = 10,
    stamps: Sequence[int] | None = None,
    scenes: Sequence[int] = (),
    sound: np.ndarray | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """A video of numbered frames.

    Args:
        stamps: when each is shown, in thousandths of a second; evenly at ``rate`` if None.
        scenes: the frames at which dark gives way to bright and back.
        sound: samples at 16,000 a second, -1..1, to be the track of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=rate, options=options or {})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.gop_size, video.codec_context.thread_count = gop, 1
        video.codec_context.time_base = Fraction(1, 1000)
        audio = None
        if sound is not None:
            audio = container.add_stream("libopus" if path.suffix == ".webm" else "aac", rate=48000)
        for number in range(frames):
            dark = sum(number >= scene for scene in scenes) % 2 == 1
            frame = av.VideoFrame.from_ndarray(numbered(number, size, dark), format="rgb24")
            frame.pts, frame.time_base = (stamps[number] if stamps else number * 1000 // rate), Fraction(1, 1000)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if audio is not None:
            assert sound is not None
            container.mux([packet for frame in _sound(sound) for packet in audio.encode(frame)])
            container.mux(audio.encode())
    return path


def write_sound(path: Path, sound: np.ndarray, codec: str = "pcm_s16le") -> Path:
    """A recording of sound alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=16000)
        for frame in _sound(sound):
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def tone(seconds: float, hertz: float = 440.0) -> np.ndarray:
    return 0.3 * np.sin(2 * math.pi * hertz * np.arange(int(16000 * seconds)) / 16000)


def turned(path: Path, quarter: int) -> Path:
    """The same MP4 or MOV, to be shown turned clockwise by so many quarters: the matrix in its track's header."""
    turns = {1: (0, 1, -1, 0), 2: (-1, 0, 0, -1), 3: (0, -1, 1, 0)}
    a, b, c, d = (value * 65536 for value in turns[quarter])
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 44
    for place, value in enumerate((a, b, 0, c, d, 0, 0, 0, 1 << 30)):
        content[matrix + 4 * place : matrix + 4 * place + 4] = value.to_bytes(4, "big", signed=True)
    path.write_bytes(content)
    return path


def _sound(samples: np.ndarray) -> list[av.AudioFrame]:
    frames = []
    for start in range(0, len(samples), 1024):
        piece = (samples[None, start : start + 1024] * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 16000, start, Fraction(1, 16000)
        frames.append(frame)
    return frames
