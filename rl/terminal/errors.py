"""Errors, and what else is said on stderr when a command does not go as it should."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.markup import escape

from rl.terminal.console import console
from rl.terminal.safe_text import one_line, visible, without_credentials

INTERRUPTED = 130
"""The exit code of a command that was stopped by Ctrl-C: 128 and the signal's number, as in a shell."""


def complain(error: Exception) -> None:
    """Says what is wrong; what came from a file moves no cursor, is no markup and begins no line, and a
    URL shows no credentials."""
    console().print(f"[bold red]error:[/] {escape(one_line(without_credentials(str(error))))}", soft_wrap=True)


def quiet() -> None:
    """Keeps to itself what only the libraries' own authors can act upon."""
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"(transformers|trl|torch)\.")


@contextmanager
def interruptible(command: str, outlook: Callable[[], str] = lambda: "go on") -> Iterator[None]:
    """Ctrl-C ends the command with exit code 130, and without a traceback.

    Args:
        command: what to type afterwards.
        outlook: what that does, in words that follow a *to*; asked when it comes to it.
    """
    try:
        yield
    except KeyboardInterrupt:
        console().print(f"stopped; to {escape(outlook())}: [bold]{escape(visible(command))}[/]", soft_wrap=True)
        raise SystemExit(INTERRUPTED) from None
