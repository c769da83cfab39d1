"""Console: where people read how far something is. It is stderr, also while messages of libraries are kept from it."""

import os
import sys
from typing import TextIO

from rich.console import Console

from rl.terminal.aside import Aside

_console: Console | None = None


def terminal() -> TextIO:
    """The stream that people read."""
    stream = sys.stderr
    while isinstance(stream, Aside):
        stream = stream.terminal
    return stream


def console() -> Console:
    """The one console on that stream: what it prints while a line is live stands above the line."""
    global _console
    if _console is None or _console.file is not terminal():
        _console = Console(file=terminal(), highlight=False, emoji=False)
    return _console


def can_redraw() -> bool:
    """Whether what is written can be written over: not in a file, a pipe, or the plainest of terminals."""
    return terminal().isatty() and os.environ.get("TERM", "").lower() not in ("dumb", "unknown")


def is_launched() -> bool:
    """Whether this process is one of those that train together."""
    return "RANK" in os.environ


def is_first_process() -> bool:
    """Whether this process is the one, of those that train together, that people hear of."""
    return os.environ.get("RANK", "0") == "0"
