"""Watching: the same alarms of a stream as of its file, whatever dies meanwhile, at a cost that does not grow."""

import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import psutil
import pytest
from typer.testing import CliRunner

from data import Briefs, Case, DataError, Frame, Line, Rulebook
from data.media.audio.recognizer import Speech
from data.media.live import source_of
from data.media.live.feed import Pace
from data.windows import Alarm, WindowSettings
from rl.cli.watch import app
from rl.runs.journal import Dropped, Ended, Looked, read_journal
from rl.serving.live.progress import WatchSettings
from rl.serving.live.streams import watch_cases
from rl.serving.live.watch import watch
from tests.data.media.live.broadcast import write_clip
from tests.data.media.recordings import tone, write_video
from tests.rl.serving.live.scripted import BOOK, SECONDS, SeesDarkness

SETTINGS = WatchSettings(windows=WindowSettings(seconds=2, every=2, frames=2), agree=2)
FAST = Pace(is_fast=True, give_up=2.0)


def alarms_of(journal: Path) -> list[Alarm]:
    return [alarm for record in read_journal(journal) if isinstance(record, Looked | Ended) for alarm in record.alarms]


def windows_of(journal: Path) -> list[Looked]:
    return [record for record in read_journal(journal) if isinstance(record, Looked)]


@pytest.fixture(scope="module")
def of_the_file(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Alarm]:
    journal = tmp_path_factory.mktemp("journal") / "watch.jsonl"
    watch(SeesDarkness(), source_of(str(clip)), BOOK, journal, settings=SETTINGS, pace=FAST)
    return alarms_of(journal)


def test_alarms_have_their_first_and_last_seconds(of_the_file: list[Alarm]) -> None:
    assert [(a.number, a.change, a.first, a.last, a.at) for a in of_the_file] == [
        (1, "raised", 6.0, 9.0, 10.0),
        (1, "cleared", 6.0, 12.0, 18.0),
        (2, "raised", 20.0, 23.0, 24.0),
        (2, "cleared", 20.0, 30.0, 36.0),
    ]  # the last dark seconds are too few for two windows to agree


KILLED = """
import sys
from pathlib import Path
from data.media.live import source_of
from data.media.live.feed import Pace
from rl.serving.live.watch import watch
from tests.rl.serving.live.scripted import BOOK, SECONDS, SeesDarkness
from tests.rl.serving.live.test_watch import SETTINGS
watch(SeesDarkness(0.1), source_of(sys.argv[1]), BOOK, Path(sys.argv[2]), settings=SETTINGS, pace=Pace(True))
"""


@pytest.mark.slow
def test_killed_again_and_again_no_event_is_lost_or_told_twice(
    clip: Path, tmp_path: Path, of_the_file: list[Alarm]
) -> None:
    journal, kills = tmp_path / "j.jsonl", 0
    while True:
        before = len(windows_of(journal)) if journal.exists() else 0
        watcher = subprocess.Popen([sys.executable, "-c", KILLED, str(clip), str(journal)])
        while watcher.poll() is None and (not journal.exists() or len(windows_of(journal)) < before + 6):
            time.sleep(0.05)
        if watcher.poll() is not None:
            assert watcher.returncode == 0
            break
        os.kill(watcher.pid, signal.SIGKILL)
        watcher.wait()
        kills += 1
    assert kills >= 2
    assert alarms_of(journal) == of_the_file
    assert [window.number for window in windows_of(journal)] == list(range(SECONDS // 2))


def test_a_torn_line_is_written_anew(clip: Path, tmp_path: Path, of_the_file: list[Alarm]) -> None:
    journal = tmp_path / "j.jsonl"
    watch(SeesDarkness(), source_of(str(clip)), BOOK, journal, settings=SETTINGS, pace=FAST)
    whole = journal.read_bytes()
    at = whole.index(b'"raised"')
    journal.write_bytes(whole[:at])  # in the middle of the line that raises the first alarm
    watch(SeesDarkness(), source_of(str(clip)), BOOK, journal, settings=SETTINGS, pace=FAST)
    assert alarms_of(journal) == of_the_file


def test_each_window_is_told_what_the_ones_before_it_found(clip: Path, tmp_path: Path) -> None:
    engine = SeesDarkness()
    watch(engine, source_of(str(clip)), BOOK, tmp_path / "j.jsonl", settings=SETTINGS, pace=FAST)
    told = [[(e.start, e.end) for e in brief.case.window.earlier] for brief in engine.asked]
    assert told[3] == [] and told[4] == [(-2.0, -1.0)] and told[10] == [(-14.0, -8.0)]
    assert max(map(len, told)) <= SETTINGS.windows.remember


@pytest.mark.parametrize(("every", "windows"), [(3600, 1), (0.5, 16)])
def test_a_window_longer_than_the_recording_ends_with_it(every: float, windows: int, tmp_path: Path) -> None:
    """Its last frame stands until then, and not until the next tick, minutes later."""
    clip, journal = write_clip(tmp_path / "c.mp4", 8), tmp_path / "j.jsonl"
    settings = WatchSettings(windows=WindowSettings(seconds=3600, every=every, frames=4))
    for _ in range(2):  # whoever goes on knows no more
        watch(SeesDarkness(), source_of(str(clip)), BOOK, journal, settings=settings, pace=FAST)
        *_, ended = read_journal(journal)
        assert isinstance(ended, Ended) and ended.at == 8.0 and len(windows_of(journal)) == windows
        journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))


def test_what_waits_is_watched_whole_however_slowly(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "c.mp4", 10)
    watch(SeesDarkness(0.2), source_of(str(clip)), BOOK, tmp_path / "j.jsonl", settings=SETTINGS, pace=FAST)
    assert len(windows_of(tmp_path / "j.jsonl")) == 5
    assert not any(isinstance(record, Dropped) for record in read_journal(tmp_path / "j.jsonl"))


def test_another_watching_is_not_gone_on_with(clip: Path, tmp_path: Path) -> None:
    watch(SeesDarkness(), source_of(str(clip)), BOOK, tmp_path / "j.jsonl", settings=SETTINGS, pace=FAST)
    other = SETTINGS.model_copy(update={"agree": 1})
    with pytest.raises(DataError, match=r"is of another watching \(settings differ\)"):
        watch(SeesDarkness(), source_of(str(clip)), BOOK, tmp_path / "j.jsonl", settings=other, pace=FAST)
    book = Rulebook(name="c", rules=BOOK.rules[:1])
    with pytest.raises(DataError, match=r"rulebook differ"):
        watch(SeesDarkness(), source_of(str(clip)), book, tmp_path / "j.jsonl", settings=SETTINGS, pace=FAST)


def test_a_recording_that_is_cut_off_is_watched_to_where_it_is_and_an_error(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "c.mkv", frames=250, rate=10)
    whole = clip.read_bytes()
    clip.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cut off"):
        watch(SeesDarkness(), source_of(str(clip)), BOOK, tmp_path / "j.jsonl", settings=SETTINGS, pace=FAST)
    assert len(windows_of(tmp_path / "j.jsonl")) >= 3


class HearsCures:
    identity = "hears cures"

    def hear(self, samples: object, language: str | None) -> Speech:
        return Speech([Line(start=0.5, end=1.5, text="It cures diabetes.")])


def test_what_is_said_is_heard_at_its_time(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "c.mp4", frames=60, rate=10, sound=tone(6.0))
    engine = SeesDarkness()
    watch(engine, source_of(str(clip)), BOOK, tmp_path / "j.jsonl", settings=SETTINGS, pace=FAST, by=HearsCures())
    lines = [[(line.start, line.end, line.text) for line in brief.case.transcript] for brief in engine.asked]
    assert len(lines) == 3 and all(len(found) == 1 for found in lines)
    assert all(abs(found[0][0] - 0.5) < 0.15 and found[0][2] == "It cures diabetes." for found in lines)


def test_what_is_known_beside_the_stream_is_in_every_window(clip: Path, tmp_path: Path) -> None:
    engine = SeesDarkness()
    case = Case(id="shop", text={"title": "Night shop"}, rules=["DARK-1"]).with_root(tmp_path / "elsewhere")
    watch(engine, source_of(str(clip)), BOOK, tmp_path / "j.jsonl", case=case, settings=SETTINGS, pace=FAST)
    assert all(b.case.text == {"title": "Night shop"} and b.excerpt.ids == ["DARK-1"] for b in engine.asked)
    assert windows_of(tmp_path / "j.jsonl")[0].stream == "shop"


def stream_case(tmp_path: Path, name: str, dark: tuple[int, ...], seconds: int = 12) -> Case:
    from PIL import Image

    frames = []
    for second in range(seconds):
        path = f"{'dark' if second in dark else 'light'}.png"
        Image.new("L", (16, 16), 0 if second in dark else 255).save(tmp_path / path)
        frames.append(Frame(path=path, time=float(second)))
    return Case(id=name, frames=frames).with_root(tmp_path)


def test_cases_are_watched_side_by_side_as_each_alone(tmp_path: Path) -> None:
    cases = [stream_case(tmp_path, "a", (2, 3, 4, 5)), stream_case(tmp_path, "b", (6, 7, 8, 9), 10)]
    watch_cases(SeesDarkness(), Briefs.bind(cases, BOOK), tmp_path / "both.jsonl", SETTINGS)
    together = {name: [w for w in windows_of(tmp_path / "both.jsonl") if w.stream == name] for name in "ab"}
    for case in cases:
        watch_cases(SeesDarkness(), Briefs.bind([case], BOOK), tmp_path / f"{case.id}.jsonl", SETTINGS)
        alone = windows_of(tmp_path / f"{case.id}.jsonl")
        assert [(w.number, w.found, w.alarms) for w in together[case.id]] == [
            (w.number, w.found, w.alarms) for w in alone
        ]
    again = SeesDarkness()
    watch_cases(again, Briefs.bind(cases, BOOK), tmp_path / "both.jsonl", SETTINGS)
    assert not again.asked
    lines = (tmp_path / "both.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "both.jsonl").write_bytes(b"".join(lines[:5]))
    watch_cases(again, Briefs.bind(cases, BOOK), tmp_path / "both.jsonl", SETTINGS)
    for name, before in together.items():
        after = [w for w in windows_of(tmp_path / "both.jsonl") if w.stream == name]
        assert [(w.number, w.found, w.alarms) for w in after] == [(w.number, w.found, w.alarms) for w in before]


@pytest.mark.slow
def test_an_hour_needs_no_more_memory_than_ten_minutes(tmp_path: Path) -> None:
    clip, engine = write_clip(tmp_path / "hour.mp4", 3600, rate=2, dark=tuple(range(0, 3600, 7))), SeesDarkness()
    used: list[int] = []

    def listen(record: object) -> None:
        if isinstance(record, Looked):
            engine.asked.clear()
            used.append(psutil.Process().memory_info().rss)

    settings = SETTINGS.model_copy(update={"agree": 1})
    watch(engine, source_of(str(clip)), BOOK, tmp_path / "j.jsonl", settings=settings, pace=FAST, listener=listen)
    assert len(used) == 1800
    early, late = statistics.median(used[250:350]), statistics.median(used[-100:])
    assert late < early + 8 * 2**20, f"{early / 2**20:.0f} MB after ten minutes, {late / 2**20:.0f} MB after an hour"


def test_the_tenth_minute_asks_for_as_much_as_the_first_does(tmp_path: Path) -> None:
    """Calls and characters are counted; `benchmarks/live_stream.py` tells the time."""
    clip, engine = write_clip(tmp_path / "c.mp4", 600, rate=2, dark=tuple(range(0, 600, 5))), SeesDarkness()
    settings = WatchSettings(windows=WindowSettings(seconds=4, every=4, frames=2), pixels=12544, agree=1)
    calls, shown = [0], list[int]()

    def count(frame: FrameType, event: str, argument: object) -> None:
        calls[-1] += event in ("call", "c_call")

    def listen(record: object) -> None:
        if isinstance(record, Looked):
            calls.append(0)
            shown.append(sum(len(brief.case.model_dump_json()) for brief in engine.asked))
            engine.asked.clear()

    sys.setprofile(count)
    try:
        watch(engine, source_of(str(clip)), BOOK, tmp_path / "j.jsonl", settings=settings, pace=FAST, listener=listen)
    finally:
        sys.setprofile(None)
    assert len(shown) == 150
    first, tenth = statistics.median(calls[:15]), statistics.median(calls[135:150])
    assert tenth / first <= 1.1, f"{first:.0f} calls a window in the first minute, {tenth:.0f} in the tenth"
    assert max(shown[-15:]) <= max(shown[15:30]), "by the second minute as much is remembered as ever will be"


def test_the_command(tiny_vl: Path, toy: Path, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "c.mp4", 8)
    call = [str(tiny_vl), str(clip), "--rulebook", f"{toy}/rules.yaml", "--journal", f"{tmp_path}/j.jsonl", "--fast"]
    call += ["--template", "compact", "--max-new-tokens", "4", "--frames", "2", "--pixels", "4096", "--json"]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    windows = windows_of(tmp_path / "j.jsonl")
    assert [window.verdict for window in windows] == [None, None] and windows[1].state == "escalate"
    assert done.stdout.encode() == (tmp_path / "j.jsonl").read_bytes()
    again = CliRunner().invoke(app, call)
    assert again.exit_code == 0 and not again.stdout
    assert f"{tmp_path}/j.jsonl: has been watched to its end; give another --journal" in again.stderr
    wrong = CliRunner().invoke(app, [*call, "--every", "9"])
    assert isinstance(wrong.exception, DataError) and "would leave seconds unseen" in str(wrong.exception)
