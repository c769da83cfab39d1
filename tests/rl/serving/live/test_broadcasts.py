"""Broadcasts: the same alarms as of their file, whoever dies meanwhile, and no more lost than what is gone."""

import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from data.media.live import source_of
from data.media.live.address import AddressSource
from data.media.live.feed import Pace
from data.windows import Alarm, WindowSettings
from rl.runs.journal import Dropped, read_journal
from rl.serving.live.progress import WatchSettings
from rl.serving.live.watch import watch
from tests.data.media.live.broadcast import GrowingPlaylist, list_segments, serving, write_hls
from tests.loopback import free_port
from tests.rl.serving.live.scripted import BOOK, DARK, SECONDS, SeesDarkness
from tests.rl.serving.live.test_watch import FAST, SETTINGS, alarms_of, windows_of

UNHURRIED = WatchSettings(windows=WindowSettings(seconds=2, every=2, frames=1), agree=2, most_lag=3600)
"""Nothing of a broadcast is left out, however slow a machine: no window has frames to spare, or comes too late."""


@pytest.fixture(scope="module")
def hls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hls(tmp_path_factory.mktemp("hls"), SECONDS, dark=DARK)


@pytest.fixture(scope="module")
def unhurried(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Alarm]:
    journal = tmp_path_factory.mktemp("journal") / "watch.jsonl"
    watch(SeesDarkness(), source_of(str(clip)), BOOK, journal, settings=UNHURRIED, pace=FAST)
    assert len(alarms_of(journal)) == 4
    return alarms_of(journal)


def test_hls_raises_the_alarms_of_the_file(hls: Path, tmp_path: Path, unhurried: list[Alarm]) -> None:
    playlist = GrowingPlaylist(hls)
    with serving(hls.parent) as url:
        Thread(target=playlist.grow, args=(0.1,), daemon=True).start()
        watch(SeesDarkness(), source_of(f"{url}/now.m3u8"), BOOK, tmp_path / "j.jsonl", settings=UNHURRIED, pace=FAST)
    assert alarms_of(tmp_path / "j.jsonl") == unhurried


@pytest.mark.parametrize(("windows", "seconds"), [(1, 0.0), (3, 2.0)])
def test_a_source_that_dies_and_comes_back_changes_no_alarm(
    windows: int, seconds: float, hls: Path, tmp_path: Path, unhurried: list[Alarm]
) -> None:
    """It dies before a piece that it has announced can be fetched, too, and is back before anyone asks for a list."""
    playlist, port, journal = GrowingPlaylist(hls, "dies.m3u8"), free_port(), tmp_path / "j.jsonl"
    source = AddressSource(f"http://127.0.0.1:{port}/dies.m3u8")
    pace = Pace(True, 20.0)
    watching = Thread(
        target=watch, args=(SeesDarkness(), source, BOOK, journal), kwargs={"settings": UNHURRIED, "pace": pace}
    )
    with serving(hls.parent, port):
        playlist.list(5)
        watching.start()
        while not journal.exists() or len(windows_of(journal)) < windows:
            time.sleep(0.001)
    time.sleep(seconds)
    playlist.list(playlist.count)
    with serving(hls.parent, port):
        watching.join(timeout=40)
    assert not watching.is_alive() and alarms_of(journal) == unhurried


@pytest.mark.parametrize("gone", [0, 4])
def test_a_piece_that_is_announced_and_gone_costs_its_own_seconds_alone(gone: int, hls: Path, tmp_path: Path) -> None:
    names = [f"live{number}.ts" for number in range(SECONDS // 2)]
    names[gone] = "gone.ts"
    list_segments(hls.with_name("hole.m3u8"), names)
    with serving(hls.parent) as url:
        source = AddressSource(f"{url}/hole.m3u8")
        watch(SeesDarkness(), source, BOOK, tmp_path / "j.jsonl", settings=UNHURRIED, pace=Pace(True, 20.0))
    missing = [record for record in read_journal(tmp_path / "j.jsonl") if isinstance(record, Dropped)]
    assert len(windows_of(tmp_path / "j.jsonl")) >= SECONDS // 2 - 1
    if gone:  # else it begins when its first picture comes
        assert [(record.start, record.windows) for record in missing] == [(8.0, 1)]


def test_rtmp_raises_the_alarms_of_the_file(clip: Path, tmp_path: Path, unhurried: list[Alarm]) -> None:
    url, journal = f"rtmp://127.0.0.1:{free_port()}/live/clip", tmp_path / "j.jsonl"
    code = (
        "import time; from pathlib import Path; from tests.data.media.live.broadcast import push; time.sleep(2.0);"
        f"push(Path({str(clip)!r}), {url!r}, 8)"
    )
    # A process of its own: PyAV keeps Python's lock while it writes.
    sender = subprocess.Popen([sys.executable, "-c", code])
    source = AddressSource(url, {"listen": "1"}, patience=(5.0, 5.0))
    watch(SeesDarkness(), source, BOOK, journal, settings=UNHURRIED, pace=Pace(True, 1.0))
    assert sender.wait(timeout=20) == 0
    assert alarms_of(journal) == unhurried


def test_who_is_too_slow_leaves_out_frames_and_then_windows_and_says_so(hls: Path, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"most_lag": 6.0})
    playlist = GrowingPlaylist(hls, "slow.m3u8")
    with serving(hls.parent) as url:
        Thread(target=playlist.grow, args=(0.25,), daemon=True).start()  # eight times as fast as it is
        source = AddressSource(f"{url}/slow.m3u8")
        watch(SeesDarkness(0.6), source, BOOK, tmp_path / "j.jsonl", settings=settings, pace=FAST)
    dropped = [record for record in read_journal(tmp_path / "j.jsonl") if isinstance(record, Dropped)]
    windows = windows_of(tmp_path / "j.jsonl")
    assert sum(record.frames for record in dropped) > 0
    left_out = sum(record.windows for record in dropped)
    assert left_out > 0 and left_out + len(windows) == SECONDS // 2
    first_thin = next(record for record in dropped if record.frames and not record.windows)
    first_gone = next(record for record in dropped if record.windows)
    assert first_thin.end <= first_gone.end
    assert max(window.lag for window in windows) < 6.0 + 2 * 2 + 8
