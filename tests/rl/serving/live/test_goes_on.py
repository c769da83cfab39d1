"""Going on: from whatever line of its journal, watching comes to the same end; and from no line but its own."""

import json
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("av")

from data import Briefs, Case, DataError, save_cases
from data.media.live import source_of
from data.media.live.folder import FolderSource
from data.windows import WindowSettings
from rl.cli.watch import app
from rl.runs.journal import Dropped, Looked, read_journal
from rl.serving.live.progress import WatchSettings
from rl.serving.live.streams import watch_cases
from rl.serving.live.watch import watch
from tests.data.media.live.broadcast import write_clip
from tests.rl.serving.live.scripted import BOOK, SeesDarkness
from tests.rl.serving.live.test_watch import FAST, SETTINGS, stream_case, windows_of

Lines = list[bytes]
DARK = (*range(6, 13), *range(17, 21))


def told(lines: Lines) -> list[dict[str, object]]:
    """What a journal says, but for the time that it took; streams one after another."""
    records = [json.loads(line) for line in lines]
    kept = [{k: v for k, v in one.items() if k not in ("time", "seconds")} for one in records]
    return sorted((one for one in kept if one["kind"] != "opened"), key=lambda one: str(one["stream"]))


def goes_on_from_every_line(go: Callable[[], object], journal: Path) -> None:
    go()
    whole = journal.read_bytes().splitlines(keepends=True)
    assert json.loads(whole[-1])["kind"] == "ended" and any(one.get("alarms") for one in told(whole))
    for count in range(len(whole)):
        journal.write_bytes(b"".join(whole[:count]))
        go()
        assert told(journal.read_bytes().splitlines(keepends=True)) == told(whole), f"after line {count}"


@pytest.mark.parametrize(
    "windows",
    [
        WindowSettings(seconds=2, every=2, frames=2),
        WindowSettings(seconds=3, every=1, frames=3),
        WindowSettings(seconds=4 / 3, every=4 / 3, frames=4),
    ],
)
def test_a_recording(windows: WindowSettings, tmp_path: Path) -> None:
    clip, journal = write_clip(tmp_path / "clip.mp4", 21, dark=DARK), tmp_path / "j.jsonl"
    settings = WatchSettings(windows=windows, agree=2)
    goes_on_from_every_line(
        lambda: watch(SeesDarkness(), source_of(str(clip)), BOOK, journal, settings=settings, pace=FAST), journal
    )
    progress = watch(SeesDarkness(), source_of(str(clip)), BOOK, journal, settings=settings, pace=FAST)
    assert progress.is_over and not progress.alarms.open and progress.state == "approve"


@pytest.fixture
def cases(tmp_path: Path) -> Briefs:
    """Two streams, one of them dark to its end."""
    dark = stream_case(tmp_path, "a", (6, 7, 8, 9, 10, 11))
    return Briefs.bind([dark, stream_case(tmp_path, "b", (4, 5, 6, 7), 10)], BOOK)


def test_cases(cases: Briefs, tmp_path: Path) -> None:
    journal = tmp_path / "j.jsonl"
    goes_on_from_every_line(lambda: watch_cases(SeesDarkness(), cases, journal, SETTINGS), journal)


def test_a_journal_with_a_line_missing_or_twice_is_refused_and_named(cases: Briefs, tmp_path: Path) -> None:
    journal = tmp_path / "j.jsonl"
    watch_cases(SeesDarkness(), cases, journal, SETTINGS)
    whole = journal.read_bytes().splitlines(keepends=True)
    without = [whole[:at] + whole[at + 1 :] for at, line in enumerate(whole) if b'"ended"' not in line]
    twice = [whole[: at + 1] + whole[at:] for at in range(len(whole))]
    for lines in (*without, *twice):
        journal.write_bytes(b"".join(lines))
        with pytest.raises(DataError, match=r"j\.jsonl:\d+: .*lines are missing"):
            watch_cases(SeesDarkness(), cases, journal, SETTINGS)
        assert journal.read_bytes() == b"".join(lines)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b'"raised"', b'"cleared"', "its alarms are not those that follow"),
        (b'"found":[{"rule":"DARK-1"', b'"found":[{"rule":"DARK-2"', "it finds 'DARK-2', which is no rule"),
        (b'"number":3,"start":6.0', b'"number":3,"start":5.0', "where window 3 was to come"),
        (b'"frames":2,"lines"', b'"frames":-2,"lines"', "frames: Input should be greater than or equal to 0"),
        (b'"confidence":0.9', b'"confidence":90', "less than or equal to 1"),
    ],
)
def test_a_journal_that_was_changed_is_refused(
    old: bytes, new: bytes, why: str, cases: Briefs, tmp_path: Path
) -> None:
    journal = tmp_path / "j.jsonl"
    watch_cases(SeesDarkness(), cases, journal, SETTINGS)
    whole = journal.read_bytes()
    assert old in whole
    journal.write_bytes(whole.replace(old, new, 1))
    with pytest.raises(DataError, match=why):
        watch_cases(SeesDarkness(), cases, journal, SETTINGS)


def test_what_is_known_beside_the_stream_belongs_to_the_watching(tmp_path: Path) -> None:
    clip, journal = write_clip(tmp_path / "clip.mp4", 6), tmp_path / "j.jsonl"

    def go(case: Case) -> None:
        watch(SeesDarkness(), source_of(str(clip)), BOOK, journal, case=case, settings=SETTINGS, pace=FAST)

    go(Case(id="shop", text={"title": "Night shop"}))
    go(Case(id="shop", text={"title": "Night shop"}, meta={"market": "SG"}))
    for other in (Case(id="shop", text={"title": "Day shop"}), Case(id="shop", rules=["CURE-1"])):
        with pytest.raises(DataError, match=r"is of another watching \(case differ\)"):
            go(other)
    with pytest.raises(DataError, match=r"is of another watching \(case, stream differ\)"):
        go(Case(id="bar", text={"title": "Night shop"}))


def test_cases_that_changed_are_not_gone_on_with(cases: Briefs, tmp_path: Path) -> None:
    journal = tmp_path / "j.jsonl"
    watch_cases(SeesDarkness(), cases, journal, SETTINGS)
    changed = Briefs.bind([stream_case(tmp_path, "a", (1, 2)), cases["b"].case], BOOK)
    with pytest.raises(DataError, match=r"j\.jsonl:1: is of another watching \(case differ\)"):
        watch_cases(SeesDarkness(), changed, journal, SETTINGS)


def test_however_far_a_clock_jumps_what_is_empty_is_one_line(tmp_path: Path) -> None:
    import av
    from PIL import Image

    clip, journal = tmp_path / "jump.mkv", tmp_path / "j.jsonl"
    with av.open(str(clip), "w") as out:
        video = out.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        video.codec_context.time_base = Fraction(1, 1000)
        for second in (0, 1, 10**7, 10**7 + 1):
            frame = av.VideoFrame.from_image(Image.new("L", (64, 64), 0))
            frame.pts, frame.time_base = 1000 * second, Fraction(1, 1000)
            out.mux(video.encode(frame))
        out.mux(video.encode())
    goes_on_from_every_line(
        lambda: watch(SeesDarkness(), source_of(str(clip)), BOOK, journal, settings=SETTINGS, pace=FAST), journal
    )
    (dropped,) = [one for one in read_journal(journal) if isinstance(one, Dropped)]
    assert (dropped.start, dropped.end, dropped.windows) == (2.0, 1e7, 5 * 10**6 - 1)
    assert [one.number for one in read_journal(journal) if isinstance(one, Looked)] == [0, 5 * 10**6]


def test_no_password_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rl.generation.episodes.engine_of", lambda model: SeesDarkness())
    monkeypatch.setattr("rl.serving.live.watch.watch", lambda *args, **more: (_ for _ in ()).throw(KeyboardInterrupt))
    titles: list[str] = []
    monkeypatch.setattr("rl.serving.live.panel.WatchPanel.__enter__", lambda self: titles.append(self._title))
    BOOK.dump(tmp_path / "rules.yaml")
    call = ["m", "rtsp://me:hunter2@camera.example/live", "--rulebook", str(tmp_path / "rules.yaml")]
    monkeypatch.setattr("sys.argv", ["ruling", "watch", *call])
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 130 and titles == ["rtsp://camera.example/live"]
    assert "rtsp://camera.example/live" in done.output and "hunter2" not in done.output


def test_options_that_cases_have_no_use_for_are_refused(tmp_path: Path) -> None:
    BOOK.dump(tmp_path / "rules.yaml")
    save_cases([Case(id="s")], tmp_path / "cases.jsonl")
    call = ["m", str(tmp_path / "cases.jsonl"), "--rulebook", str(tmp_path / "rules.yaml")]
    for option in ("--case", "--speech"):
        done = CliRunner().invoke(app, [*call, option, str(tmp_path / "cases.jsonl")])
        assert isinstance(done.exception, DataError) and str(done.exception).startswith(f"{option}: is for what goes")


def test_nothing_to_watch_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there are no cases to watch"):
        watch_cases(SeesDarkness(), Briefs.bind([], BOOK), tmp_path / "j.jsonl", SETTINGS)
    assert not (tmp_path / "j.jsonl").exists()


def test_what_was_damaged_is_watched_whole_once_it_is_mended(tmp_path: Path) -> None:
    """Also the window in the middle of which watching broke off."""
    folder, journal = tmp_path / "segments", tmp_path / "j.jsonl"
    folder.mkdir()
    wanted = [(0.0, 2.0, 2), (2.0, 4.0, 2), (4.0, 6.0, 2)]
    for number in range(2):
        write_clip(folder / f"{number}.mp4", 3)
        os.utime(folder / f"{number}.mp4", (0, 0))
    for damaged in (0, 1):
        whole = (folder / f"{damaged}.mp4").read_bytes()
        (folder / f"{damaged}.mp4").write_bytes(b"damaged")
        os.utime(folder / f"{damaged}.mp4", (0, 0))
        with pytest.raises(DataError, match=f"{damaged}.mp4: no recording that can be read"):
            watch(SeesDarkness(), FolderSource(folder, 0.5), BOOK, journal, settings=SETTINGS, pace=FAST)
        assert [(w.start, w.end, w.frames) for w in windows_of(journal)] == wanted[:damaged]
        (folder / f"{damaged}.mp4").write_bytes(whole)
        os.utime(folder / f"{damaged}.mp4", (0, 0))
    watch(SeesDarkness(), FolderSource(folder, 0.5), BOOK, journal, settings=SETTINGS, pace=FAST)
    assert [(w.start, w.end, w.frames) for w in windows_of(journal)] == wanted
    assert not any(isinstance(record, Dropped) for record in read_journal(journal))


def test_a_journal_holds_cases_that_are_watched_in_one_way(cases: Briefs, tmp_path: Path) -> None:
    """Figures of a journal that two models wrote would be of neither."""
    journal = tmp_path / "j.jsonl"
    one, other = (Briefs.bind([brief.case], BOOK) for brief in cases)
    watch_cases(SeesDarkness(), one, journal, SETTINGS)
    before = journal.read_bytes()
    with pytest.raises(DataError, match=r"j\.jsonl:1: is of another watching \(settings differ\)"):
        watch_cases(SeesDarkness(), other, journal, SETTINGS.model_copy(update={"agree": 1}))
    clip, live = write_clip(tmp_path / "c.mp4", 3), tmp_path / "live.jsonl"
    watch(SeesDarkness(), source_of(str(clip)), BOOK, live, settings=SETTINGS, pace=FAST)
    with pytest.raises(DataError, match=r"is of another watching \(source differ\)"):
        watch_cases(SeesDarkness(), other, live, SETTINGS)
    assert journal.read_bytes() == before
    watch_cases(SeesDarkness(), other, journal, SETTINGS)
    assert {record.stream for record in read_journal(journal)} == {"a", "b"}


@pytest.mark.parametrize("change", ["twice", '"windows":3', '"windows":1000000000000000000000000000000'])
def test_what_was_left_out_is_left_out_once(change: str, tmp_path: Path) -> None:
    clip, journal = write_clip(tmp_path / "c.mp4", 6), tmp_path / "j.jsonl"

    def go() -> None:
        watch(SeesDarkness(), source_of(str(clip)), BOOK, journal, settings=SETTINGS, pace=FAST)

    go()
    began = journal.read_bytes().splitlines(keepends=True)[0]
    left = b'{"stream":"%s","kind":"dropped","why":"behind","start":0.0,"end":4.0,"windows":2}\n' % str(clip).encode()
    journal.write_bytes(began + left)
    go()
    assert [window.number for window in windows_of(journal)] == [2]
    journal.write_bytes(began + (2 * left if change == "twice" else left.replace(b'"windows":2', change.encode())))
    with pytest.raises(DataError, match=r"j\.jsonl:[23]: .* windows are left out up to 4 s, where window"):
        go()
