"""What libraries say meanwhile is in the file and not on the terminal; Ruling's own warnings are in both."""

import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tqdm import tqdm

from rl.terminal.messages import FILE, downloading, kept


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run" / FILE


@contextmanager
def on_stderr() -> Iterator[None]:
    """A handler that writes to what stderr is by now, as libraries have."""
    handler = logging.StreamHandler()
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


def test_what_libraries_say_is_kept(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stderr = sys.stderr
    with on_stderr(), kept(file) as messages:
        assert not file.exists() and messages.told() is None
        warnings.warn("a python warning", UserWarning, stacklevel=1)
        logging.getLogger("library.models").warning("a logged warning\nof two lines")
        for _ in tqdm(range(2), desc="Loading weights"):
            pass
        print({"loss": 1.25}, file=sys.stderr)
    assert capfd.readouterr() == ("", "") and sys.stderr is stderr
    python, logged, second, printed = file.read_text().splitlines()
    assert " WARNING " in python and "test_messages.py:" in python and "UserWarning: a python warning" in python
    assert " WARNING library.models: a logged warning" in logged and second == "    of two lines"
    assert printed.endswith(" INFO stderr: {'loss': 1.25}")
    told = messages.told()
    assert told is not None and told.plain == f"libraries gave 2 warnings and 1 other message: see {file}"


def test_a_handler_that_is_made_meanwhile_writes_there_too(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("library.late")
    with kept(file):
        for handler in (logging.StreamHandler(), logging.StreamHandler(sys.stdout)):
            logger.addHandler(handler)
        logger.warning("said once")
    logger.handlers.clear()
    assert capfd.readouterr() == ("", "") and file.read_text().count("said once") == 1


def test_a_logger_with_a_file_of_its_own_keeps_it(file: Path, tmp_path: Path) -> None:
    logger, own = logging.getLogger("library.own"), logging.FileHandler(tmp_path / "own.log")
    logger.addHandler(own)
    with kept(file):
        logger.warning("to its file")
    logger.removeHandler(own)
    own.close()
    assert (tmp_path / "own.log").read_text() == "to its file\n"


def test_our_own_warnings_are_in_both(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with on_stderr(), kept(file):
        logging.getLogger("rl.training").warning("%s of 3 prices", "[red]\x1b[2J")
        logging.getLogger("rlx").warning("of a stranger")
    assert capfd.readouterr() == ("", "warning: [red]⟨U+001B⟩[2J of 3 prices\n")
    first, second = file.read_text().splitlines()
    assert first.endswith("WARNING rl.training: [red]⟨U+001B⟩[2J of 3 prices") and second.endswith("of a stranger")


def test_two_runs_append_and_forged_lines_are_indented(file: Path) -> None:
    for said in ("one\r2026-01-01 WARNING rl: forged\x1b[2J\u202e", "two"):
        with on_stderr(), kept(file):
            logging.getLogger("library").warning(said)
    one, forged, two = file.read_text().splitlines()
    assert one.endswith(": one") and forged == "    2026-01-01 WARNING rl: forged⟨U+001B⟩[2J⟨U+202E⟩"
    assert two.endswith(": two")


def test_afterwards_all_is_as_before_even_if_it_fails(
    file: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    emit, show, stderr = logging.StreamHandler.emit, warnings.showwarning, sys.stderr
    with pytest.raises(ZeroDivisionError), kept(file):
        held = sys.stderr
        _ = 1 / 0
    assert (logging.StreamHandler.emit, warnings.showwarning, sys.stderr) == (emit, show, stderr)
    print("afterwards", file=held)
    assert capfd.readouterr().err == "afterwards\n" and not file.exists()


def test_a_download_is_known_while_it_goes_on(file: Path) -> None:
    assert downloading() is None
    with kept(file):
        sys.stderr.write("\rmodel.safetensors:  37%|███▋      | 37.0M/100M [00:01<00:02, 30.0MB/s]")
        assert downloading() == "model.safetensors 37 %"
    assert downloading() is None


LAUNCHED = """
import logging, os, sys
from pathlib import Path
from rl.terminal.messages import kept
with kept(Path(sys.argv[1])):
    os.write(2, b"past python\\n")
    print("a bar", file=sys.stderr)
    logging.getLogger("rl").warning("of ours")
os.write(2, b"afterwards\\n")
"""


@pytest.mark.parametrize(("rank", "shown"), [("0", "warning: of ours\nafterwards\n"), ("1", "afterwards\n")])
def test_a_launched_process_keeps_what_is_written_past_python(rank: str, shown: str, file: Path) -> None:
    environment = os.environ | {"RANK": rank}
    command = [sys.executable, "-c", LAUNCHED, str(file)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "" and done.stderr == shown
    past, printed, ours = file.read_text().splitlines()
    assert past == "past python" and printed.endswith(f"INFO process {rank} stderr: a bar" if rank == "1" else "a bar")
    assert ours.endswith("rl: of ours")
