"""Errors, and what else is said on stderr when a command does not go as it should."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.markup import escape

from rl.terminal.console import console
from rl.terminal.safe_text import one_line, visible, without_credentials
from rl.terminal.stopping import exit_code, stopped_by_sigterm


def complain(error: Exception) -> None:
    """Says what is wrong; what came from a file moves no cursor, is no markup and begins no line, and a
    URL shows no credentials."""
    console().print(f"[bold red]error:[/] {escape(one_line(without_credentials(str(error))))}", soft_wrap=True)


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
