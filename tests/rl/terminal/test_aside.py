"""What is written to stderr meanwhile is kept line by line; bars are not."""

import io

import pytest
from tqdm import tqdm

from rl.terminal.aside import Aside


@pytest.fixture
def kept() -> list[str]:
    return []


@pytest.fixture
def terminal() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def aside(kept: list[str], terminal: io.StringIO) -> Aside:
    return Aside(terminal, kept.append)


def test_lines_are_kept_whole_however_they_are_written(aside: Aside, kept: list[str], terminal: io.StringIO):
    for piece in ("a wa", "rning", "\n\nsecond\r\nthi", "rd"):
        assert aside.write(piece) == len(piece)
    assert kept == ["a warning", "second"]
    aside.stand_back(terminal)
    assert kept == ["a warning", "second", "third"] and terminal.getvalue() == ""


def test_bars_are_not_kept(aside: Aside, kept: list[str]):
    for _ in tqdm(range(3), desc="outer", file=aside, mininterval=0):
        for _ in tqdm(range(3), desc="inner", file=aside, mininterval=0, leave=False):
            pass
    aside.write("after\n")
    assert kept == ["after"]
    assert aside.downloading is None


def test_a_download_can_be_asked_for(aside: Aside, kept: list[str]):
    with tqdm(total=4_000_000, desc="model.safetensors", unit="B", unit_scale=True, file=aside, mininterval=0) as bar:
        bar.update(1_000_000)
        assert aside.downloading == "model.safetensors 25 %"
    assert kept == []


def test_whoever_holds_on_to_it_writes_to_the_terminal_afterwards(
    aside: Aside, kept: list[str], terminal: io.StringIO
):
    aside.stand_back(terminal)
    print("later", file=aside, flush=True)
    assert kept == [] and terminal.getvalue() == "later\n"
    assert not aside.isatty()
