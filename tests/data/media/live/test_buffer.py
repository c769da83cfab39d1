"""A few seconds, and no more: whoever reads waits, or the oldest gives way and is counted."""

import time
from pathlib import Path
from threading import Thread

import numpy as np
from PIL import Image

from data.media.live import Buffer, Sound
from data.media.live.buffer import Dropped
from data.media.video.frames import VideoFrame

PICTURE = Image.new("RGB", (16, 16))


def fill(buffer: Buffer, start: int, end: int) -> None:
    for second in range(start, end):
        buffer.put(Sound(np.zeros(16_000, np.int16), float(second)))
        buffer.put(VideoFrame(PICTURE, float(second)))


def test_what_does_not_wait_loses_its_oldest_frames(tmp_path: Path) -> None:
    buffer = Buffer(tmp_path, most=5.0, waits=False)
    fill(buffer, 0, 20)
    assert [frame.time for frame in buffer.frames(0, 100)] == [14, 15, 16, 17, 18, 19]
    assert buffer.dropped() == Dropped(14, 14.0) and buffer.dropped() == Dropped(0, 0.0)
    assert len(list(tmp_path.iterdir())) == 6


def test_frames_that_are_looked_at_stay(tmp_path: Path) -> None:
    buffer = Buffer(tmp_path, most=5.0, waits=False)
    fill(buffer, 0, 4)
    looked_at = buffer.frames(0, 4)
    fill(buffer, 4, 40)
    assert len(looked_at) == 4 and all(Path(frame.path).is_file() for frame in looked_at)
    buffer.forget(2.0)
    assert [Path(frame.path).is_file() for frame in looked_at] == [False, False, True, True]


def test_what_waits_loses_nothing(tmp_path: Path) -> None:
    buffer = Buffer(tmp_path, most=5.0, waits=True)
    reading = Thread(target=fill, args=(buffer, 0, 20), daemon=True)
    reading.start()
    time.sleep(0.2)
    assert reading.is_alive() and buffer.reached <= 6.0
    seen = []
    for second in range(20):
        assert buffer.wait(float(second), timeout=5)
        seen += [frame.time for frame in buffer.frames(second, second + 1)]
        buffer.forget(second + 1)
    assert seen == [float(second) for second in range(20)] and buffer.dropped() == Dropped(0, 0.0)
    assert not list(tmp_path.iterdir())


def test_who_goes_on_late_in_a_stream_has_as_much_room(tmp_path: Path) -> None:
    buffer = Buffer(tmp_path, most=5.0, waits=True, start=100.0)
    reading = Thread(target=fill, args=(buffer, 100, 105), daemon=True)
    reading.start()
    reading.join(timeout=5)
    assert not reading.is_alive() and buffer.reached == 104.0


def test_sound_is_heard_once(tmp_path: Path) -> None:
    buffer = Buffer(tmp_path, most=100.0, waits=True)
    fill(buffer, 0, 10)
    assert [sound.time for sound in buffer.sounds(4.0)] == [0, 1, 2, 3]
    assert [sound.time for sound in buffer.sounds(6.0)] == [4, 5]


def test_closing_frees_whoever_waits(tmp_path: Path) -> None:
    buffer = Buffer(tmp_path, most=2.0, waits=True)
    reading = Thread(target=fill, args=(buffer, 0, 20), daemon=True)
    reading.start()
    time.sleep(0.1)
    buffer.close()
    reading.join(timeout=5)
    assert not reading.is_alive()
