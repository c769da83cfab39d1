"""Journal: what came of watching a stream, one JSON object a line, each written as soon as it is known.

A window and the alarms that it raised or cleared are one line, so that a kill leaves both or neither. Whoever goes on
reads the journal from its beginning: all that watching remembers follows from it.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel

from data import DataError, Verdict
from data.evidence import Unit
from data.files import at_file
from data.jsonl import read_jsonl
from data.windows import Alarm
from rl.runs.lock import sole_writer


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    stream: str
    """Which one it is about."""


class Began(_Record):
    """What is watched, and by whom."""

    kind: Literal["began"] = "began"
    time: AwareDatetime
    source: str
    identity: dict[str, Any]
    """All that tells it from other ways of watching: model, rulebook, settings."""


class Opened(_Record):
    """The source, or one of its files, was opened."""

    kind: Literal["opened"] = "opened"
    time: AwareDatetime
    name: str
    at: float
    """When what it holds begins, in seconds of the stream."""
    clock: float
    """What is added to its own times."""


class Lost(_Record):
    """The source broke off."""

    kind: Literal["lost"] = "lost"
    time: AwareDatetime
    why: str
    at: float
    wait: float


class Dropped(_Record):
    """What was not looked at."""

    kind: Literal["dropped"] = "dropped"
    why: Literal["behind", "nothing there"]
    start: float
    end: float
    windows: int = Field(default=0, ge=0)
    """Left out whole."""
    frames: int = Field(default=0, ge=0)
    """Left out of windows that were looked at, or between them."""
    sound: float = Field(default=0.0, ge=0)
    """Seconds of sound that nobody listened to."""


class Found(BaseModel):
    """A rule that a window finds broken, from when to when, in seconds of the stream."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str
    start: float
    end: float


class Looked(_Record):
    """A window that was ruled on."""

    kind: Literal["window"] = "window"
    time: AwareDatetime
    number: int = Field(ge=0)
    start: float
    end: float
    frames: int = Field(ge=0)
    lines: int = Field(ge=0)
    verdict: Verdict | None
    """None where there was no ruling to be relied on."""
    confidence: Unit | None = None
    """Of the ruling."""
    failure: str | None = None
    """Why not."""
    found: list[Found] = Field(default_factory=list)
    alarms: list[Alarm] = Field(default_factory=list)
    state: Verdict
    """Of the stream after it."""
    seconds: float
    """That the model took."""
    lag: float = 0.0
    """Seconds by which it came later than the window ended."""


class Ended(_Record):
    """The stream is over."""

    kind: Literal["ended"] = "ended"
    at: float
    why: str = ""
    """Where it did not end of itself."""
    alarms: list[Alarm] = Field(default_factory=list)
    """Those that were open, cleared by the end."""


Record = Annotated[Began | Opened | Lost | Dropped | Looked | Ended, Field(discriminator="kind")]


class _Line(RootModel[Record]):
    pass


def read_journal(path: str | Path) -> Iterator[Record]:
    """The records of a journal, in order; a line that a kill has torn is left out.

    Raises:
        DataError: the file cannot be read, or a line is no record or has none before it that it goes on from; names
            the line.
    """
    return (record for _, record in _numbered(Path(path)))


def _numbered(path: Path) -> Iterator[tuple[int, Record]]:
    with at_file(path, "read"):
        whole = _whole(path)
    over: dict[str, bool] = {}
    for number, line in read_jsonl(path, _Line, whole):
        if (why := _misplaced(line.root, over)) is not None:
            raise DataError(f"{why}: lines are missing, or there twice", file=path, line=number)
        yield number, line.root


def _misplaced(record: Record, over: dict[str, bool]) -> str | None:
    """Why a record cannot come here, if so.

    Args:
        over: whether each stream that began is over; is brought up to date.
    """
    begins = isinstance(record, Began)
    if begins == (record.stream in over):
        return f"stream '{record.stream}' begins twice" if begins else f"stream '{record.stream}' has not begun"
    if over.get(record.stream):
        return f"stream '{record.stream}' is over"
    over[record.stream] = isinstance(record, Ended)
    return None


def _whole(path: Path) -> int:
    """How many bytes of a file are lines that were written to their end."""
    size = path.stat().st_size
    with path.open("rb") as file:
        while size:
            start = max(0, size - 65536)
            file.seek(start)
            at = file.read(size - start).rfind(b"\n")
            if at >= 0:
                return start + at + 1
            size = start
    return 0


class Journal:
    """A journal that is written to, by one process at a time.

    Args:
        path: the file; one that is there is gone on with, if it is of the same watching.
        listener: is told of each record that is written.
    """

    def __init__(self, path: str | Path, listener: Callable[[Record], object] | None = None):
        self.path, self._listener = Path(path), listener
        self._file: IO[bytes] | None = None

    def __enter__(self) -> "Journal":
        with ExitStack() as held:
            held.enter_context(sole_writer(self.path, "give another journal"))
            with at_file(self.path, "written"):
                self._file = held.enter_context(self.path.open("ab"))
                self._mend()
            self._held = held.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._held.close()

    def _mend(self) -> None:
        """Cuts off a torn line. What is no journal is somebody's own file, and stays as it is."""
        assert self._file is not None
        whole = _whole(self.path)
        begins = f'{{"{next(iter(_Record.model_fields))}":"'.encode()
        with self.path.open("rb") as file:
            torn = file.read(len(begins))
        if whole:
            next(_numbered(self.path), None)
        elif not begins.startswith(torn):
            raise DataError("is no journal: give another file", file=self.path)
        self._file.truncate(whole)

    def replay(self, take: Callable[[Record], object]) -> None:
        """Hands over what it holds already, record by record.

        Raises:
            DataError: it is damaged, or whoever takes a record says what is wrong with it; names the line.
        """
        for number, record in _numbered(self.path):
            try:
                take(record)
            except DataError as error:
                raise DataError(error.message, file=self.path, line=number) from error

    def write(self, record: Record) -> None:
        """Adds a record; once this is done, no kill of this process takes it away."""
        assert self._file is not None
        with at_file(self.path, "written"):
            self._file.write(record.model_dump_json().encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        if self._listener is not None:
            self._listener(record)

    def check(self, began: Began, before: Began) -> None:
        """Refuses to go on with another watching than the one that the journal is of.

        Raises:
            DataError: it is another one; names what differs.
        """
        said = [{"stream": one.stream, "source": one.source, **one.identity} for one in (before, began)]
        differ = [key for key in sorted(said[0].keys() | said[1].keys()) if said[0].get(key) != said[1].get(key)]
        if differ:
            message = (
                f"is of another watching ({', '.join(differ)} differ): give another journal, or the same settings"
            )
            raise DataError(message)
