"""Messages: what libraries log, warn of and write to stderr while a run goes on, kept in a file of the run.

Hardly anybody can act on them, and they would tear the live line apart; but some day somebody needs them. Ruling's own
warnings are for people to act on: they are shown as well.

What is written to the file descriptor past Python is caught in the processes of a launched run alone: they write all
at once, and if one of them crashes, whoever launched them lives to say where its last words are.
"""

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from rich.file_proxy import FileProxy
from rich.text import Text

from data.address import without_credentials
from rl.terminal.aside import Aside
from rl.terminal.console import console, is_first_process, is_launched, terminal
from rl.terminal.safe_text import visible

MESSAGES = "messages.log"
"""What the file is called, in the folder of a run or of an evaluation."""
STDERR = 2
"""Its file descriptor."""
OURS = ("data", "prompts", "rewards", "rl")
"""The packages whose warnings people can act on."""


class Messages:
    """The messages of one run. The file is there once there is a message; a run that goes on adds to it.

    Args:
        file: where they are kept.
    """

    def __init__(self, file: Path):
        self.file = file
        self.count = self.warnings = 0
        self._who = "" if is_first_process() else f"process {os.environ['RANK']} "

    def keep(self, level: int, source: str, text: str) -> None:
        """Writes a message on lines of its own, with the time and the level, and no credentials of a URL."""
        self.count += 1
        self.warnings += level >= logging.WARNING
        first, *more = without_credentials(text).splitlines() or [""]
        when = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        lines = [
            f"{when} {logging.getLevelName(level)} {self._who}{source}: {first}",
            *(f"    {line}" for line in more),
        ]
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as file:  # one write: several processes may keep messages here
            file.write("".join(f"{visible(line)}\n" for line in lines))

    def log(self, record: logging.LogRecord) -> None:
        """Keeps a record of a logger, once; one of Ruling's own warnings is shown too."""
        if "kept" in record.__dict__:  # by another handler on its way
            return
        record.__dict__["kept"] = True
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        self.keep(record.levelno, record.name, text)
        is_ours = record.name.partition(".")[0] in OURS
        if is_ours and record.levelno >= logging.WARNING and is_first_process():
            console().print(
                Text(f"warning: {visible(without_credentials(record.getMessage()))}", style="yellow"), soft_wrap=True
            )

    def told(self) -> Text | None:
        """How many there are and where; None where there are none to warn of."""
        if not self.warnings:
            return None
        others = self.count - self.warnings
        counts = [(self.warnings, "warning"), (others, "other message")]
        said = " and ".join(f"{count:,} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count)
        return Text(f"libraries gave {said}: see {visible(str(self.file))}", style="dim")


@contextmanager
def kept(file: Path) -> Iterator[Messages]:
    """Keeps messages meanwhile."""
    messages, before = Messages(file), sys.stderr
    with _descriptor(file) if is_launched() else nullcontext(before) as stream:
        aside = Aside(stream, lambda line: messages.keep(logging.INFO, "stderr", line))
        sys.stderr = aside
        try:
            with _warnings(messages), _handlers(messages):
                yield messages
        finally:
            sys.stderr = before
            aside.stand_back(before)


def downloading() -> str | None:
    """What is being downloaded while messages are kept, and how far it is."""
    return sys.stderr.downloading if isinstance(sys.stderr, Aside) else None


@contextmanager
def _descriptor(file: Path) -> Iterator[TextIO]:
    """The file takes the place of the terminal under stderr's descriptor; gives a stream to the terminal."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.dup(STDERR), "w", encoding="utf-8", errors="backslashreplace", buffering=1) as stream:
        with file.open("ab") as there:
            os.dup2(there.fileno(), STDERR)
        try:
            yield stream
        finally:
            os.dup2(stream.fileno(), STDERR)


@contextmanager
def _warnings(messages: Messages) -> Iterator[None]:
    def show(message: Any, category: type[Warning], filename: str, lineno: int, *_: Any) -> None:
        messages.keep(logging.WARNING, f"{filename}:{lineno}", f"{category.__name__}: {message}")

    with warnings.catch_warnings():
        warnings.filterwarnings("default", category=FutureWarning)  # the file has those as well
        warnings.showwarning = show  # type: ignore[assignment]
        yield


@contextmanager
def _handlers(messages: Messages) -> Iterator[None]:
    """Records are kept that come to the root, or to a handler that would write them to the terminal: many a library
    has one of its own, some from the day that they are imported.
    """
    written: Callable[..., None] = logging.StreamHandler.emit

    def emit(handler: Any, record: logging.LogRecord) -> None:
        if _is_of_the_terminal(handler.stream):
            messages.log(record)
        else:
            written(handler, record)

    keeper = logging.Handler()
    keeper.emit = messages.log  # type: ignore[method-assign]
    logging.root.handlers.insert(0, keeper)  # before that of whoever keeps messages around this
    logging.StreamHandler.emit = emit  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        logging.root.removeHandler(keeper)
        logging.StreamHandler.emit = written  # type: ignore[method-assign]


def _is_of_the_terminal(stream: Any) -> bool:
    known = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__, terminal())
    return isinstance(stream, (Aside, FileProxy)) or any(stream is one for one in known)
