"""Completions to score: read from JSONL, from predictions, from rollouts, or from scores that were saved before.

JSONL has one object a line, ``{"id": …, "completion": …}``, with one line or more for each case. Parquet files have
the columns ``case`` and ``completion``, which predictions, rollouts and scores all have.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from data import Brief, Briefs, DataError
from data.jsonl import read_jsonl
from data.parquet import Kind, read_parquet
from rl.runs.folder import RunFolder


@dataclass(frozen=True, slots=True)
class Written:
    """A completion, the case that it is about, and where it stands."""

    case: str
    completion: str
    file: Path
    row: int
    """Line of a JSONL file or row of a Parquet file, from 1."""


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str
    completion: str


def read_completions(path: str | Path) -> list[Written]:
    """The completions in a JSONL file, a Parquet file, or a folder of Parquet parts (a run, or its rollouts).

    Raises:
        DataError: the file is missing or not of such a kind; names file, row and field.
    """
    path = Path(path)
    inner = RunFolder(path).rollouts
    folder = inner if inner.is_dir() else path
    if folder.is_dir():
        parts = sorted(folder.glob("*.parquet"))
        if not parts:
            raise DataError("holds no Parquet files of completions", file=folder)
        return [written for part in parts for written in _parquet(part)]
    if not path.is_file():
        raise DataError("no such file or folder", file=path)
    found = list(_parquet(path) if path.suffix == ".parquet" else _jsonl(path))
    if not found:
        raise DataError("holds no completions", file=path)
    return found


def brief_of(written: Written, briefs: Briefs) -> Brief:
    """The case that a completion is about, with its excerpt.

    Raises:
        DataError: there is none.
    """
    try:
        return briefs[written.case]
    except DataError as error:
        raise DataError(error.message, file=written.file, line=written.row, field="id") from error


def _jsonl(path: Path) -> Iterator[Written]:
    for number, line in read_jsonl(path, _Line):
        yield Written(line.id, line.completion, path, number)


def _parquet(path: Path) -> Iterator[Written]:
    columns: dict[str, Kind] = {"case": "text", "completion?": "text"}
    for number, row in enumerate(read_parquet(path, columns, only=True), start=1):
        if row["completion"] is None:
            message = "is no text: predictions made elsewhere hold none"
            raise DataError(message, file=path, line=number, field="completion")
        yield Written(row["case"], row["completion"], path, number)
