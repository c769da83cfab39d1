"""Frames of files as people have them: the right ones, at their times, upright; or an error that says why."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("av")

from data import DataError
from data.media.recording import opened
from data.media.video import FrameChoice, read_frames
from data.media.video.frames import _chosen
from data.media.video.timeline import timeline, video_of
from tests.data.media.recordings import number_in, numbered, tone, turned, write_sound, write_video


def seen(path: Path, **choice: object) -> list[tuple[int, float]]:
    """The number and the time of each chosen frame."""
    frames = read_frames(path, FrameChoice(**choice))
    return [(number_in(frame.image), round(frame.time, 2)) for frame in frames]


KINDS = [("mp4", "libx264"), ("mp4", "mpeg4"), ("webm", "libvpx-vp9"), ("mkv", "libx264"), ("avi", "mpeg4"),
         ("mov", "libx264"), ("ts", "libx264"), ("flv", "libx264"), ("mp4", "libx265")]  # fmt: skip


@pytest.mark.parametrize(("suffix", "codec"), KINDS)
@pytest.mark.parametrize("sound", [None, tone(2)])
def test_every_kind_of_file_gives_its_frames_evenly(tmp_path, suffix, codec, sound):
    path = write_video(tmp_path / f"a.{suffix}", codec=codec, sound=sound)
    numbers = [number for number, _ in seen(path, frames=4)]
    assert numbers == pytest.approx([6, 18, 31, 43], abs=suffix == "avi")  # which rounds times to whole frames
    assert [time for _, time in seen(path, frames=4)] == pytest.approx([0.24, 0.72, 1.24, 1.72], abs=0.07)


@pytest.mark.parametrize(("suffix", "codec"), KINDS)
def test_seeking_gives_what_one_pass_gives(tmp_path, suffix, codec):
    path = write_video(tmp_path / f"a.{suffix}", frames=120, codec=codec, gop=7)
    with opened(path) as container:
        line = timeline(container, video_of(container, path), path)
    assert len(line.stamps) == 120
    with opened(path) as container:
        plain = [(np.asarray(frame.to_image()), line.seconds(frame.pts)) for frame in container.decode(video=0)]
    for wanted in ([3, 60, 61, 119], [0], [119], [13, 14, 15, 90], list(range(0, 120, 11))):
        stamps = [line.stamps[place] for place in wanted]
        found = [(np.asarray(f.image), f.time) for f in _chosen(path, line, stamps, 10**6)]
        straight = [plain[place] for place in wanted]
        assert [number_in(Image.fromarray(picture)) for picture, _ in found] == wanted
        for (picture, time), (same, when) in zip(found, straight, strict=True):
            assert time == when and (picture == same).all()


def test_a_long_video_is_not_decoded_whole(tmp_path, monkeypatch):
    path = write_video(tmp_path / "a.mp4", frames=250, gop=10)
    decoded = []
    monkeypatch.setattr("data.media.video.frames._run", lambda frames, *rest: decoded.append(rest[2]) or iter(()))
    read_frames(path, FrameChoice(frames=3))
    assert [len(run) for run in decoded] == [1, 1, 1]


def test_frames_stand_as_long_as_their_times_say(tmp_path):
    """Variable rate: one frame stands for nine of ten seconds."""
    stamps = [0, 100, 200, 300, 9300, 9400, 9500, 9600, 9700, 9800]
    path = write_video(tmp_path / "a.mp4", frames=10, stamps=stamps)
    assert seen(path, frames=4) == [(3, 0.3), (9, 9.8)]
    assert seen(path, frames=40)[-1] == (9, 9.8)


def test_scenes_are_shown_by_their_middles(tmp_path):
    path = write_video(tmp_path / "a.mp4", frames=100, scenes=[30, 80])
    assert [number for number, _ in seen(path, frames=8, pick="scenes")] == [15, 55, 90]
    assert [number for number, _ in seen(path, frames=2, pick="both")] == [50]
    assert [number for number, _ in seen(path, frames=6, pick="both")] == [15, 16, 50, 55, 83, 90]


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_rotation_is_applied(tmp_path, quarter):
    path = turned(write_video(tmp_path / "a.mov", frames=3), quarter)
    image = read_frames(path, FrameChoice(frames=1))[0].image
    upright = np.rot90(numbered(1, (160, 96)), -quarter)
    assert np.asarray(image).shape == upright.shape
    assert np.abs(np.asarray(image).astype(int) - upright).mean() < 10


def test_pixels_that_are_not_square_are_stretched(tmp_path):
    path = write_video(tmp_path / "a.mp4", frames=2, options={"aspect": "4:3"})
    wide = write_video(tmp_path / "b.mkv", frames=2)
    assert read_frames(wide)[0].image.size == (160, 96)
    # Pixels of 4 : 3.
    assert read_frames(path)[0].image.size == (213, 96)


def test_the_budget_of_pixels_holds(tmp_path):
    path = write_video(tmp_path / "a.mp4", frames=2, size=(640, 360))
    assert read_frames(path, FrameChoice(pixels=10_000))[0].image.size == (133, 75)


def test_4k_and_one_frame(tmp_path):
    path = write_video(tmp_path / "a.mp4", frames=1, size=(3840, 2160), options={"preset": "ultrafast"})
    ((number, time),) = seen(path)
    assert (number, time) == (0, 0.0)
    width, height = read_frames(path)[0].image.size
    assert width * height <= 200_704


def test_the_same_pixels_every_time(tmp_path):
    path = write_video(tmp_path / "a.mp4", frames=40)
    first, second = (read_frames(path, FrameChoice(pick="both")) for _ in range(2))
    assert [f.image.tobytes() for f in first] == [f.image.tobytes() for f in second]


def cut_off(path: Path, share: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def test_a_file_that_is_cut_off_says_so(tmp_path):
    for suffix in ("mp4", "mkv", "webm"):
        codec = "libvpx-vp9" if suffix == "webm" else "libx264"
        path = write_video(tmp_path / f"a.{suffix}", frames=250, codec=codec)
        with pytest.raises(DataError, match=rf"a\.{suffix}: .*(cut off|damaged)"):
            read_frames(cut_off(path, 0.5))


def test_damage_in_the_middle_is_an_error_or_right(tmp_path):
    path = write_video(tmp_path / "a.mp4", frames=100, gop=100)
    content = bytearray(path.read_bytes())
    middle = content.index(b"mdat") + 600
    content[middle : middle + 3000] = bytes(3000)
    path.write_bytes(content)
    with pytest.raises(DataError, match="damaged"):
        read_frames(path, FrameChoice(frames=20))


def test_what_is_no_video_is_named(tmp_path):
    write_sound(tmp_path / "a.wav", tone(1))
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("not a video at all" * 100)
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile a.wav\n")
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\na.wav\n")
    for name, message in [
        ("a.wav", "there is no video in it, only audio"), ("empty.mp4", "an empty file"),
        ("text.mp4", "no recording that can be read"), ("gone.mp4", "no such recording"),
        ("list.mp4", "no recording that can be read"), ("list.m3u8", "no recording that can be read"),
    ]:  # fmt: skip
        with pytest.raises(DataError, match=f"{name}: {message}"):
            read_frames(tmp_path / name)


def test_the_ending_of_a_name_says_nothing(tmp_path):
    path = write_video(tmp_path / "a.mp4").rename(tmp_path / "a.avi")
    assert len(seen(path)) == 8


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path):
    path = write_video(tmp_path / "a.mp4", frames=1, size=(8000, 5000), options={"preset": "ultrafast"})
    with pytest.raises(DataError, match=r"8000 x 5000 pixels|damaged"):
        read_frames(path)
