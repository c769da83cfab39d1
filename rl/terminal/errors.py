"""Errors, and what else is said on stderr when a command does not go as it should.

What goes wrong is said in one line that names the file, and decides the exit code, in one place: `explained`.
"""

import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.markup import escape

from data import DataError
from data.address import without_credentials
from rewards import TooManyUnscored
from rl.terminal.console import console, terminal
from rl.terminal.safe_text import one_line, visible
from rl.terminal.stopping import exit_code, stopped_by_sigterm

WRONG, UNSCORED = 2, 1
"""The exit codes of a command that cannot be done, never that of a check that failed; and of rewards that failed."""
DEBUG = "RULING_DEBUG"
"""The environment variable that ``--debug`` sets, for the processes of a launched training as well."""
OWN_FAULT = "this is a fault in Ruling, not in your input"

_NO_MEMORY = ("CUDA out of memory", "can't allocate memory")
"""How torch says that there is none left, on a GPU and elsewhere."""


@contextmanager
def explained() -> Iterator[None]:
    """Whatever goes wrong inside ends the process: one line says what and where, the exit code that it did. The
    traceback is shown with ``--debug`` only.
    """
    try:
        yield
    except Exception as error:
        if os.environ.get(DEBUG):
            traceback.print_exception(error, file=terminal())
        complain(error)
        sys.exit(UNSCORED if isinstance(error, TooManyUnscored) else WRONG)


def complain(error: Exception) -> None:
    """Says what is wrong; what came from a file moves no cursor, is no markup and begins no line, and a URL shows no
    credentials.
    """
    said = one_line(without_credentials(message_of(error)))
    console().print(f"[bold red]error:[/] {escape(said)}", soft_wrap=True)


def message_of(error: Exception) -> str:
    """An error in words for whoever typed the command.

    Example:
        >>> message_of(PermissionError(13, "Permission denied", "book.yaml"))
        'book.yaml: Permission denied'
    """
    if isinstance(error, DataError | TooManyUnscored):
        return str(error)
    if isinstance(error, OSError):
        names = " → ".join(str(name) for name in (error.filename, error.filename2) if name is not None)
        said = error.strerror or str(error)
        return f"{names}: {said}" if names else said
    if isinstance(error, MemoryError) or any(words in str(error) for words in _NO_MEMORY):
        return f"the memory does not suffice{f': {error}'.splitlines()[0] if str(error) else ''}"
    return f"{type(error).__name__}: {error} ({OWN_FAULT}: ruling --debug shows where)"


def quiet() -> None:
    """Keeps to itself what only the libraries' own authors can act upon."""
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"(transformers|trl|torch)\.")


@contextmanager
def interruptible(command: str, outlook: Callable[[], str] = lambda: "go on") -> Iterator[None]:
    """Ctrl-C and SIGTERM end the command with exit code 130 or 143, and without a traceback.

    Args:
        command: what to type afterwards.
        outlook: what that does, in words that follow a *to*; asked when it comes to it.
    """
    try:
        with stopped_by_sigterm():
            yield
    except KeyboardInterrupt as stop:
        console().print(f"stopped; to {escape(outlook())}: [bold]{escape(visible(command))}[/]", soft_wrap=True)
        raise SystemExit(exit_code(stop)) from None
