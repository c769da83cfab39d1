"""The terminal is stderr, whatever stands in its place."""

import io
import sys

import pytest

from rl.terminal.aside import Aside
from rl.terminal.console import console, is_first_process, is_launched, terminal


def test_it_is_found_behind_what_stands_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, lines = io.StringIO(), []
    monkeypatch.setattr(sys, "stderr", Aside(Aside(stream, lines.append), lines.append))
    assert terminal() is stream
    console().print("shown")
    assert stream.getvalue() == "shown\n" and lines == []


def test_the_console_follows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        monkeypatch.setattr(sys, "stderr", stream := io.StringIO())
        console().print("shown")
        assert stream.getvalue() == "shown\n"


@pytest.mark.parametrize(("rank", "launched", "first"), [(None, False, True), ("0", True, True), ("1", True, False)])
def test_which_process_this_is(rank, launched: bool, first: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if rank is not None:
        monkeypatch.setenv("RANK", rank)
    assert (is_launched(), is_first_process()) == (launched, first)
