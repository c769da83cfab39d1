"""Real processes that want one folder."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from data import DataError
from rl.runs.folder import RunFolder
from rl.runs.lock import hold, sole_writer

ROOT = Path(__file__).parents[3]
HOLD = """
import os, sys, time
from pathlib import Path
from rl.runs.folder import RunFolder
from rl.runs.lock import hold, sole_writer
with hold(RunFolder(Path(sys.argv[1]))):
    if "fork" in sys.argv and os.fork() == 0:  # as a loader's worker is
        time.sleep(60)
    print("held", flush=True)
    sys.stdin.readline()
print("left", flush=True)
"""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "runs" / "mine")


@pytest.fixture
def start(run: RunFolder) -> Iterator[Start]:
    """Starts a process, in a session of its own, that holds the run until it is told to go on."""
    started: list[subprocess.Popen[str]] = []

    def begin(*options: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(run.path), *options],
            cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        return process

    yield begin
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_the_second_is_refused_and_told_who_the_first_is(run: RunFolder, start: Start) -> None:
    first = start()
    since = json.loads(run.holder.read_text())["since"]
    with pytest.raises(DataError) as refused, hold(run):
        pass
    said = f"mine: process {first.pid} on {socket.gethostname()}, since {since}, is training here"
    assert said in str(refused.value)
    with hold(RunFolder(run.path.with_name("another"))):
        pass


def test_whoever_leaves_makes_room(run: RunFolder, start: Start) -> None:
    first = start()
    assert first.communicate("go on\n")[0] == "left\n"
    assert not run.holder.exists()
    with hold(run):
        assert json.loads(run.holder.read_text())["pid"] == os.getpid()
    with pytest.raises(KeyError), hold(run):
        raise KeyError
    with hold(run):
        pass


@pytest.mark.parametrize("options", [(), ("fork",)])
def test_a_kill_makes_room_at_once(run: RunFolder, start: Start, options: tuple[str, ...]) -> None:
    """Even where a forked child outlives it; and whoever is refused next is told of the new holder."""
    killed = start(*options)
    os.kill(killed.pid, signal.SIGKILL)
    second = start()
    assert json.loads(run.holder.read_text())["pid"] == second.pid
    with pytest.raises(DataError, match=f"process {second.pid} on "), hold(run):
        pass


def test_within_one_process_as_well(run: RunFolder) -> None:
    with hold(run), pytest.raises(DataError, match=f"process {os.getpid()} on "), hold(run):
        pass


def test_a_holder_that_has_not_said_who_it_is(run: RunFolder, start: Start) -> None:
    start()
    run.holder.unlink()
    with pytest.raises(DataError, match="mine: another process is training here"), hold(run):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    unmade = RunFolder(tmp_path / "file" / "run")
    said = r"cannot be written and locked \((Not a directory|File exists)\): a file or folder is in the way"
    for there in (unmade, RunFolder(tmp_path / "file")):
        with pytest.raises(DataError, match=f"{there.path}: {said}"), hold(there):
            pass


def test_a_holder_that_cannot_be_written_is_named_and_makes_room(run: RunFolder) -> None:
    run.holder.mkdir(parents=True)
    with pytest.raises(DataError, match=r"holder\.json: cannot be written: Is a directory"), hold(run):
        pass
    run.holder.rmdir()
    with hold(run):
        pass


def test_a_file_system_without_locks_is_named(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(DataError, match=r"mine: cannot be written and locked \(Function not implemented\)"), hold(run):
        pass


def test_a_file_beside_which_no_lock_can_be_made_is_written_by_nobody() -> None:
    with pytest.raises(DataError, match=r"/proc/x\.jsonl: cannot be written"), sole_writer(Path("/proc/x.jsonl"), "x"):
        pass


def test_a_file_without_a_name_is_refused() -> None:
    with pytest.raises(DataError, match="cannot be written: it is a folder"), sole_writer(Path(""), "x"):
        pass
