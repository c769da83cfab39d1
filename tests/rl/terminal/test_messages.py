"""What libraries say while a run goes on is in a file, and not on the terminal; what Ruling warns of is on both."""

import logging
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from rl.terminal.console import console, terminal
from rl.terminal.messages import kept

WHEN = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d"


class ToStderr(logging.StreamHandler):
    """Writes to whatever stderr is."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, stream: TextIO) -> None:
        pass


@pytest.fixture
def library() -> Iterator[logging.Logger]:
    """A logger as many a library has one: with a handler of its own, and none above it."""
    logger, handler = logging.getLogger("some_library"), ToStderr()
    logger.addHandler(handler)
    logger.propagate = False
    yield logger
    logger.removeHandler(handler)
    logger.propagate = True


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run" / "messages.log"


def test_a_record_is_kept_with_its_time_its_level_and_its_source(
    library: logging.Logger, file: Path, capsys: pytest.CaptureFixture[str]
):
    with kept(file) as messages:
        library.warning("%d weights are new\nand another line", 3)
        library.info("not worth a record at this level")
        library.setLevel(logging.INFO)
        library.info("worth it")
        library.setLevel(logging.NOTSET)
    assert capsys.readouterr() == ("", "")
    first, second, third = file.read_text("utf-8").splitlines()
    assert re.fullmatch(rf"{WHEN} WARNING some_library: 3 weights are new", first)
    assert second == "    and another line"
    assert re.fullmatch(rf"{WHEN} INFO some_library: worth it", third)
    assert str(messages.told()) == f"libraries gave 1 warning and 1 other message: see {file}"


def test_afterwards_everything_is_as_it_was(library: logging.Logger, file: Path, capsys: pytest.CaptureFixture[str]):
    before = (sys.stderr, logging.StreamHandler.emit, warnings.showwarning)
    with pytest.raises(RuntimeError), kept(file):
        assert sys.stderr is not before[0]
        raise RuntimeError
    assert (sys.stderr, logging.StreamHandler.emit, warnings.showwarning) == before
    library.warning("later")
    assert capsys.readouterr().err == "later\n"
    assert not file.parent.exists()  # where nothing was said there is no file


def test_a_library_that_was_imported_before_is_heard(file: Path, capsys: pytest.CaptureFixture[str]):
    logger, handler = logging.getLogger("early_library"), logging.StreamHandler(sys.stderr)
    logger.addHandler(handler)
    logger.propagate = False
    with kept(file) as messages:
        logger.warning("not for people")
    logger.removeHandler(handler)
    assert messages.count == 1 and capsys.readouterr() == ("", "")


def test_a_library_that_is_imported_meanwhile_is_heard_too(file: Path, capsys: pytest.CaptureFixture[str]):
    logger = logging.getLogger("late_library")
    with kept(file):
        handler = logging.StreamHandler(sys.stdout)
        logger.addHandler(handler)
        logger.warning("to stdout")
        logging.getLogger("without_any_handler").error("to nobody")
    logger.removeHandler(handler)
    assert capsys.readouterr() == ("", "")
    assert [line.split(" ", 2)[2] for line in file.read_text("utf-8").splitlines()] == [
        "WARNING late_library: to stdout",
        "ERROR without_any_handler: to nobody",
    ]


def test_a_record_that_two_handlers_would_print_is_kept_once(library: logging.Logger, file: Path):
    second = logging.StreamHandler(sys.stdout)
    library.addHandler(second)
    with kept(file) as messages:
        library.warning("once")
    library.removeHandler(second)
    assert messages.count == 1


def test_handlers_of_files_are_left_alone(tmp_path: Path, file: Path):
    logger, handler = logging.getLogger("of_a_file"), logging.FileHandler(tmp_path / "own.log")
    logger.addHandler(handler)
    logger.propagate = False
    with kept(file):
        logger.warning("mine")
    handler.close()
    assert (tmp_path / "own.log").read_text() == "mine\n" and not file.exists()


def test_warnings_and_what_is_written_to_stderr_are_kept(file: Path, capsys: pytest.CaptureFixture[str]):
    with kept(file):
        warnings.warn("deprecated in v6", FutureWarning, stacklevel=1)
        print("\x1b[31mfound no GPU", file=sys.stderr)
        print("to stdout: a reward's own words")
    assert capsys.readouterr() == ("to stdout: a reward's own words\n", "")
    first, second = file.read_text("utf-8").splitlines()
    assert re.fullmatch(rf"{WHEN} WARNING .*test_messages.py:\d+: FutureWarning: deprecated in v6", first)
    assert re.fullmatch(rf"{WHEN} INFO stderr: ⟨U\+001B⟩\[31mfound no GPU", second)


def test_what_people_can_act_on_is_shown_as_well(file: Path, capsys: pytest.CaptureFixture[str]):
    ours = logging.getLogger("rewards.scoring.scorer")
    with kept(file):
        ours.warning("reward '%s' failed on case '%s'", "[red]mine[/]", "\x1b[2J")
        ours.info("of no interest")
    out, err = capsys.readouterr()
    assert (out, err) == ("", "warning: reward '[red]mine[/]' failed on case '⟨U+001B⟩[2J'\n")
    assert "WARNING rewards.scoring.scorer: reward '[red]mine[/]' failed" in file.read_text("utf-8")


def test_a_traceback_comes_with_its_record(library: logging.Logger, file: Path):
    with kept(file):
        try:
            raise ValueError("lost")
        except ValueError:
            library.exception("went wrong")
    lines = file.read_text("utf-8").splitlines()
    assert lines[0].endswith("ERROR some_library: went wrong") and lines[-1] == "    ValueError: lost"


def test_one_within_another_keeps_what_is_said_within_it(
    library: logging.Logger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with kept(tmp_path / "outer.log") as outer:
        library.warning("before")
        with kept(tmp_path / "inner.log") as inner:
            library.warning("within")
            console().print("for people")
            print("for people too", file=terminal())
        library.warning("after")
    assert (outer.count, inner.count) == (2, 1)
    assert "within" in (tmp_path / "inner.log").read_text() and "within" not in (tmp_path / "outer.log").read_text()
    assert capsys.readouterr().err == "for people\nfor people too\n"


def test_forged_lines_are_indented(library: logging.Logger, file: Path) -> None:
    for said in ("one\r2026-01-01 WARNING rl: forged\x1b[2J\u202e", "two"):
        with kept(file):
            library.warning(said)
    one, forged, two = file.read_text().splitlines()
    assert one.endswith(": one") and forged == "    2026-01-01 WARNING rl: forged⟨U+001B⟩[2J⟨U+202E⟩"
    assert two.endswith(": two")


def test_a_run_that_goes_on_adds_to_the_file(library: logging.Logger, file: Path):
    for n in (1, 2):
        with kept(file) as messages:
            library.warning("time %d", n)
        assert messages.count == 1
    assert len(file.read_text().splitlines()) == 2


LAUNCHED = """
import logging, os, sys
from pathlib import Path
from rl.terminal.console import terminal
from rl.terminal.messages import kept
with kept(Path(sys.argv[1])):
    logging.getLogger("rewards").warning("of a reward")
    os.write(2, b"from C++\\n")
    print("for people", file=terminal())
print("afterwards", file=sys.stderr)
"""


def test_in_a_launched_run_what_bypasses_python_is_kept_too(file: Path):
    """And of the warnings that people can act on, only those of the first process are shown."""
    said = {}
    for rank in ("0", "1"):
        command = [sys.executable, "-c", LAUNCHED, str(file)]
        done = subprocess.run(command, env=os.environ | {"RANK": rank}, capture_output=True, text=True, check=True)
        said[rank] = done.stderr.splitlines()
    assert said["0"] == ["warning: of a reward", "for people", "afterwards"]
    assert said["1"] == ["for people", "afterwards"]
    lines = file.read_text("utf-8").splitlines()
    assert [line.partition(" WARNING ")[2] or line for line in lines] == [
        "rewards: of a reward",
        "from C++",
        "process 1 rewards: of a reward",
        "from C++",
    ]
