"""One command line, run in this process as ``ruling`` would run it."""

import io
import resource
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from time import monotonic
from types import FrameType

from rl.cli import main

PATIENCE = 20
"""Seconds after which a command hangs."""


class Hang(BaseException):
    """The command took longer than `PATIENCE`; no ``except Exception`` on the way stops it."""


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    words: tuple[str, ...]
    code: int | None
    """The exit code; None where it ended in an exception, or hung."""
    out: str
    err: str
    seconds: float


def run(command: str | Sequence[str], room: int | None = None) -> Done:
    """Runs one command line, its words without the ``ruling``.

    Args:
        room: bytes that a file may grow to; the system refuses more, as it would on a disk that is full.
    """
    words = tuple(command.split() if isinstance(command, str) else command)
    argv, began = sys.argv, monotonic()
    sys.argv = ["ruling", *words]
    before = signal.signal(signal.SIGALRM, _hang)
    signal.alarm(PATIENCE)
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    if room is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, most[1]))
    code: int | None = None
    with redirect_stdout(_text()) as out, redirect_stderr(_text()) as err:
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        except BaseException as error:  # what a user would see as a traceback
            if isinstance(error, KeyboardInterrupt):
                raise
            traceback.print_exception(error, file=err)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, most)
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)
            sys.argv = argv
    return Done(words, code, _read(out), _read(err), monotonic() - began)


def _hang(number: int, frame: FrameType | None) -> None:
    raise Hang


def _text() -> io.TextIOWrapper:
    """A stream as strict about what is text as the one that ``ruling > file`` writes to."""
    return io.TextIOWrapper(io.BytesIO(), "utf-8", errors="strict", write_through=True)


def _read(stream: io.TextIOWrapper) -> str:
    raw: io.BytesIO = stream.buffer  # type: ignore[assignment]
    return raw.getvalue().decode("utf-8", "replace")
