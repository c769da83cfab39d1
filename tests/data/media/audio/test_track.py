"""Tracks: the sound of any recording, in step with its picture."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("av")

from data import DataError
from data.media.audio import read_track
from data.media.audio.sound_picture import AXIS, SIZE, sound_picture
from tests.data.media.recordings import tone, write_sound, write_video


@pytest.mark.parametrize(
    ("suffix", "codec"), [("wav", "pcm_s16le"), ("flac", "flac"), ("ogg", "libopus"), ("m4a", "aac")]
)
def test_every_kind_of_file_gives_its_sound(tmp_path: Path, suffix: str, codec: str) -> None:
    sound = np.concatenate([np.zeros(8000), tone(1)])
    path = write_sound(tmp_path / f"a.{suffix}", sound, codec) if codec != "libopus" else write_video(
        tmp_path / "a.webm", frames=38, codec="libvpx-vp9", sound=sound
    )  # fmt: skip
    samples = read_track(path)
    assert samples is not None and samples.dtype == np.int16
    assert len(samples) / 16000 == pytest.approx(1.5, abs=0.1)
    loud = np.abs(samples[: 1600 * 15].reshape(15, 1600).astype(int)).max(axis=1) > 3000
    assert loud.tolist() == [False] * 5 + [True] * 10


def test_sound_that_begins_late_is_in_step(tmp_path: Path) -> None:
    """Of a recording whose sound begins after its picture, what is not there yet is silence."""
    import av

    whole = write_video(tmp_path / "a.mkv", frames=50, sound=np.concatenate([np.zeros(16000), tone(1)]))
    late = tmp_path / "late.mkv"
    with av.open(str(whole)) as source, av.open(str(late), "w") as target:
        streams = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is None or (packet.stream.type == "audio" and float(packet.pts * packet.time_base) < 1.0):
                continue
            packet.stream = streams[packet.stream.index]
            target.mux(packet)
    samples = read_track(late)
    assert samples is not None and len(samples) / 16000 == pytest.approx(2, abs=0.1)
    assert np.abs(samples[:15000].astype(int)).max() == 0 and np.abs(samples[17000:].astype(int)).max() > 3000


def test_what_has_no_sound_has_none(tmp_path: Path) -> None:
    assert read_track(write_video(tmp_path / "a.mp4")) is None


def test_sound_that_is_cut_off_says_so(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", np.random.default_rng(0).normal(size=160000) / 8, "flac")
    path.write_bytes(path.read_bytes()[:60000])
    with pytest.raises(DataError, match=r"a\.flac: (cut off|no recording that can be read, or a damaged one)"):
        read_track(path)


def test_a_picture_of_sound_shows_what_sounds_when() -> None:
    samples = (np.concatenate([tone(1, 200), np.zeros(16000), tone(1, 6000)]) * 32767).astype(np.int16)
    picture = sound_picture(samples)
    assert picture.size == (SIZE[0], SIZE[1] + AXIS) and picture.mode == "RGB"
    grey = np.asarray(picture.convert("L"))[: SIZE[1]].astype(int)
    third = SIZE[0] // 3
    low, silent, high = (grey[:, start + 10 : start + third - 10] for start in (0, third, 2 * third))
    assert low[-30:].max() > 200 and silent.max() < 60 and high[:30].max() > 200
    assert low.mean(axis=1).argmax() > high.mean(axis=1).argmax()
    assert sound_picture(samples).tobytes() == picture.tobytes()


@pytest.mark.parametrize("count", [1, 399, 400, 16000, 10 * 16000])
def test_any_length_has_a_picture(count: int) -> None:
    assert sound_picture(np.ones(count, np.int16)).size == (SIZE[0], SIZE[1] + AXIS)
