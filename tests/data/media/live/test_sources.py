"""What goes on is read as it goes on: the same frames of a file, over HLS, over RTMP and from a folder of segments."""

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

import pytest
from PIL import Image

from data import DataError
from data.media.live import Buffer, Feed, Lost, Opened, Place, Source, View, source_of
from data.media.live.address import AddressSource
from data.media.live.feed import Pace
from data.media.live.file import FileSource
from data.media.live.folder import FolderSource
from tests.data.media.live.broadcast import (
    GrowingPlaylist,
    list_segments,
    serving,
    write_clip,
    write_hls,
    write_segment,
)
from tests.data.media.recordings import number_in, tone, write_sound
from tests.loopback import HOST, free_port

SECONDS = 12
RATE = 5
START, FAST = Place(), Pace(True, 2.0)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", SECONDS, RATE)


@pytest.fixture(scope="module")
def hls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hls(tmp_path_factory.mktemp("hls"), SECONDS, rate=RATE)


class Heard:
    """What a buffer held once its source was over."""

    def __init__(self, source: Source, folder: Path, place: Place = START, pace: Pace = FAST, sound: bool = False):
        buffer = Buffer(folder, 1000.0, waits=not source.is_live)
        begun = time.monotonic()
        with Feed(source, View(rate=1.0, sound=sound), place, buffer, pace):
            assert buffer.wait(1e9, timeout=60), "it did not end"
        self.seconds, self.fault, self.notices = time.monotonic() - begun, buffer.fault, buffer.notices()
        self.sounds = buffer.sounds(1e9)
        self.frames = [(frame.time, number_in(Image.open(frame.path))) for frame in buffer.frames(0, 1e9)]


def every_second(first: int = 0) -> Sequence[tuple[float, int]]:
    return [(float(second), RATE * second) for second in range(first, SECONDS)]


def test_a_file(clip: Path, tmp_path: Path) -> None:
    heard = Heard(source_of(str(clip)), tmp_path)
    assert heard.frames == every_second() and heard.fault is None
    assert heard.notices == [Opened("clip.mp4", 0.0, 0.0)]


def test_a_file_at_its_own_pace(tmp_path: Path) -> None:
    heard = Heard(source_of(str(write_clip(tmp_path / "short.mp4", 3))), tmp_path, pace=Pace())
    assert 2.0 <= heard.seconds < 4.0 and len(heard.frames) == 3


def test_a_file_goes_on_where_it_was(clip: Path, tmp_path: Path) -> None:
    assert Heard(source_of(str(clip)), tmp_path, Place(position=7.0)).frames == every_second(7)


def test_hls_shows_what_the_file_shows(hls: Path, tmp_path: Path) -> None:
    with serving(hls.parent) as url:
        heard = Heard(source_of(f"{url}/{hls.name}?token=s3cret"), tmp_path)
    assert heard.frames == every_second()
    assert "s3cret" not in str(heard.notices) and not any(isinstance(n, Lost) for n in heard.notices)


def test_hls_that_goes_on_is_followed_to_its_end(hls: Path, tmp_path: Path) -> None:
    playlist = GrowingPlaylist(hls)
    with serving(hls.parent) as url:
        Thread(target=playlist.grow, args=(0.2,), daemon=True).start()
        assert Heard(source_of(f"{url}/now.m3u8"), tmp_path).frames == every_second()


def test_a_server_that_dies_and_comes_back_costs_nothing(hls: Path, tmp_path: Path) -> None:
    playlist, port, heard = GrowingPlaylist(hls, "dies.m3u8"), free_port(), []
    source = AddressSource(f"http://127.0.0.1:{port}/dies.m3u8")
    with serving(hls.parent, port):
        playlist.list(3)
        watching = Thread(target=lambda: heard.append(Heard(source, tmp_path, pace=Pace(True, 20.0))))
        watching.start()
        time.sleep(1.5)
    time.sleep(1.0)
    playlist.list(playlist.count)
    with serving(hls.parent, port):
        watching.join(timeout=40)
    assert heard and heard[0].frames == every_second()


def test_rtmp_shows_what_the_file_shows(clip: Path, tmp_path: Path) -> None:
    url = f"rtmp://127.0.0.1:{free_port()}/live/clip"
    code = (
        "import time; from pathlib import Path; from tests.data.media.live.broadcast import push; time.sleep(1.5);"
        f"push(Path({str(clip)!r}), {url!r}, 10)"
    )
    # A process of its own: PyAV keeps Python's lock while it writes.
    sender = subprocess.Popen([sys.executable, "-c", code])
    heard = Heard(AddressSource(url, {"listen": "1"}, patience=(4.0, 4.0)), tmp_path, pace=Pace(True, 1.0))
    assert sender.wait(timeout=20) == 0
    assert heard.frames == every_second()
    assert any(isinstance(notice, Lost) for notice in heard.notices)  # nobody can know that it was the end


def test_segments_in_a_folder_are_one_stream(hls: Path, tmp_path: Path) -> None:
    segments = tmp_path / "segments"
    segments.mkdir()
    for part in sorted(hls.parent.glob("*.ts")):
        (segments / part.name.replace("live", "s")).write_bytes(part.read_bytes())
    (segments / "s5.ts").rename(segments / "s10.ts")  # numbers in names are numbers
    heard = Heard(FolderSource(segments, idle=0.5), tmp_path)
    assert heard.frames == every_second()


def test_segments_whose_clocks_begin_anew_follow_one_another(tmp_path: Path) -> None:
    segments = tmp_path / "segments"
    segments.mkdir()
    for number in range(2):
        write_clip(segments / f"{number}.mp4", 3)
    heard = Heard(FolderSource(segments, idle=0.5), tmp_path)
    assert [time for time, _ in heard.frames] == [0, 1, 2, 3, 4, 5]
    assert [number for _, number in heard.frames] == [0, 5, 10, 0, 5, 10]
    again = Heard(FolderSource(segments, idle=0.5), tmp_path, Place(4.0, opened=(Opened("1.mp4", 3.0, 3.0),)))
    assert again.frames == [(4.0, 5), (5.0, 10)]


def test_what_cannot_be_watched_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot be watched: give a file, a folder or an address of http"):
        source_of("ftp://example.org/live")
    with pytest.raises(DataError, match=r"gone\.mp4: no such recording or folder"):
        source_of(str(tmp_path / "gone.mp4"))
    missing = Heard(FileSource(tmp_path / "gone.mp4"), tmp_path)
    assert isinstance(missing.fault, DataError) and "no such recording" in str(missing.fault)
    song = Heard(source_of(str(write_sound(tmp_path / "song.wav", tone(1.0)))), tmp_path)
    assert isinstance(song.fault, DataError) and "no video in it" in str(song.fault)
    nobody = Heard(AddressSource(f"rtmp://127.0.0.1:{free_port()}/live/x"), tmp_path, pace=Pace(True, 1.0))
    assert isinstance(nobody.fault, DataError) and "gave nothing for" in str(nobody.fault)


def test_a_broadcast_leads_to_no_file_of_this_machine(hls: Path, tmp_path: Path) -> None:
    secret = write_clip(tmp_path / "secret.ts", 3)
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "live.m3u8").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile://{secret}\n#EXT-X-ENDLIST\n"
    )
    with serving(folder) as url:
        heard = Heard(source_of(f"{url}/live.m3u8"), tmp_path, pace=Pace(True, 1.0))
    assert heard.frames == []


def test_files_whose_names_have_one_number_are_all_read(tmp_path: Path) -> None:
    for name, seconds in (("1.mp4", 2), ("01.mp4", 2), ("2.mp4", 2)):
        write_clip(tmp_path / name, seconds)
        os.utime(tmp_path / name, (0, 0))
    items = FolderSource(tmp_path, idle=0.5).items(View(1.0), Place())
    assert [item.name for item in items if isinstance(item, Opened)] == ["01.mp4", "1.mp4", "2.mp4"]


def test_a_file_whose_name_is_not_utf8_is_named(tmp_path: Path) -> None:
    write_clip(tmp_path / "1.mp4", 2).rename(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.mp4"))
    with pytest.raises(DataError, match=r"holds '\?\.mp4', whose name is not UTF-8"):
        list(FolderSource(tmp_path, idle=0.5).items(View(1.0), Place()))


def heard_in(hls: Path, folder: Path, names: Sequence[str], sound: bool = False) -> "Heard":
    list_segments(hls.with_name("own.m3u8"), names)
    with serving(hls.parent) as url:
        return Heard(source_of(f"{url}/own.m3u8"), folder, sound=sound)


@pytest.mark.parametrize("then", [("live0.ts", "live1.ts", "live2.ts"), ("live0.ts",), ("live1.ts", "|", "live0.ts")])
def test_where_an_ad_sets_the_clock_back_times_go_on(hls: Path, tmp_path: Path, then: Sequence[str]) -> None:
    heard = heard_in(hls, tmp_path, ["live0.ts", "live1.ts", "live2.ts", "live3.ts", "|", *then])
    shown = [number for name in then if name != "|" for number in ((0, 5) if "0" in name else (10, 15))]
    shown = [0, 5, 10, 15, 20, 25] if len(then) == 3 and "|" not in then else shown
    assert [number for _, number in heard.frames] == [0, 5, 10, 15, 20, 25, 30, 35, *shown]
    assert [time for time, _ in heard.frames] == pytest.approx(range(len(heard.frames)), abs=0.21)
    assert heard.seconds < 20 and heard.fault is None


def test_an_ad_of_another_sender_is_seen(hls: Path, tmp_path: Path) -> None:
    """It has other numbers for its streams, is of another size, and its sound of another rate."""
    for number, (size, rate, pid) in enumerate([((160, 96), 48000, 256), ((320, 192), 44100, 768)]):
        write_segment(hls.with_name(f"ad{number}.ts"), 2 * number, size=size, rate=rate, pid=pid)
    heard = heard_in(hls, tmp_path, ["ad0.ts", "|", "ad1.ts"], sound=True)
    assert heard.fault is None and [time for time, _ in heard.frames] == pytest.approx([0, 1, 2, 3], abs=0.21)
    assert {Image.open(path).size for path in tmp_path.glob("*.jpg")} == {(160, 96), (320, 192)}
    starts = [sound.time for sound in heard.sounds]
    assert starts == sorted(set(starts)) and max(starts) > 3.8


def test_a_sound_that_is_longer_than_its_pictures_ends(hls: Path, tmp_path: Path) -> None:
    write_segment(hls.with_name("long.ts"), 0, sound=3.0)
    assert heard_in(hls, tmp_path, ["long.ts"], sound=True).seconds < 20


def test_what_is_damaged_in_a_broadcast_is_passed_over(hls: Path, tmp_path: Path) -> None:
    whole = hls.with_name("live2.ts").read_bytes()
    damaged = bytearray(whole)
    draw = random.Random(0)
    for _ in range(60):
        damaged[draw.randrange(200, len(damaged))] = draw.randrange(256)
    damaged[::188] = whole[::188]
    hls.with_name("damaged.ts").write_bytes(damaged)
    heard = heard_in(hls, tmp_path, ["live0.ts", "live1.ts", "damaged.ts", "live3.ts", "live4.ts", "live5.ts"])
    assert heard.frames[:4] == every_second()[:4] and heard.frames[-5:] == every_second(7)


def test_a_broadcast_is_joined_in_its_middle(tmp_path: Path) -> None:
    whole = write_segment(tmp_path / "whole.ts", 0, seconds=6, gop=20, sound=0.0).read_bytes()
    begins = len(whole) // 12 // 188 * 188  # half a second, of which nothing can be shown before second 4
    with socket.create_server((HOST, 0)) as server:

        def send() -> None:
            with server.accept()[0] as called:
                called.sendall(whole[begins:])

        Thread(target=send, daemon=True).start()
        source = AddressSource(f"tcp://{HOST}:{server.getsockname()[1]}")
        heard = Heard(source, tmp_path, pace=Pace(True, 1.0))
    assert heard.frames[0][1] == 20 and heard.frames[-1][1] >= 25


def test_a_broadcast_that_has_nothing_yet_is_waited_for(hls: Path, tmp_path: Path) -> None:
    def fill() -> None:
        time.sleep(1.0)
        list_segments(hls.with_name("later.m3u8"), ["live0.ts"])

    list_segments(hls.with_name("later.m3u8"), [])
    Thread(target=fill, daemon=True).start()
    with serving(hls.parent) as url:
        heard = Heard(source_of(f"{url}/later.m3u8"), tmp_path, pace=Pace(True, 10.0))
    assert heard.fault is None and heard.frames[0][1] == 0 and isinstance(heard.notices[0], Lost)


def test_a_folder_that_its_recorder_clears_is_gone_on_with(hls: Path, tmp_path: Path) -> None:
    """Also where the first file that is left is long behind."""
    (tmp_path / "s5.ts").write_bytes(hls.with_name("live5.ts").read_bytes())
    (tmp_path / "live.m3u8").write_bytes(hls.read_bytes())
    place = Place(30.0, opened=(Opened("s4.ts", 28.0, 20.0),))
    heard = Heard(FolderSource(tmp_path, idle=0.5), tmp_path, place)
    assert heard.fault is None and heard.frames == [(30.0, 50), (31.0, 55)]
