"""Row: one line of a source, read strictly: a case, or the problem that kept it from being one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from data.case import Case
from data.errors import DataError, explain
from data.media.folder import MediaFolder
from data.reading.problem import Problem
from data.strict_json import parse_json

MAX_LINE = 8_000_000
"""Bytes of a case's line: some hundred times what a model can read at once."""


@dataclass(frozen=True)
class Row:
    """One row of a source: a case, or the problem that kept it from being one."""

    file: Path
    line: int
    raw: bytes
    """The line as it stands in the file, without its line break."""
    media: MediaFolder
    """What media paths are relative to."""
    content: Any = None
    """The line's JSON; None where it does not parse."""
    case: Case | None = None
    problem: Problem | None = None


def read_row(raw: bytes, file: Path, line: int, media: MediaFolder | None = None) -> Row:
    """One line as a row.

    Args:
        media: where they lie; in the file's folder if None.
    """
    media = MediaFolder(file.parent) if media is None else media
    content = None
    try:
        if len(raw) > MAX_LINE:
            at_most = f"{len(raw):,} bytes, and a case has at most {MAX_LINE:,}"
            raise DataError(f"a line of {at_most}: keep pictures and recordings in files of their own")
        content = parse_json(raw)
        if not isinstance(content, dict):
            raise DataError(f"want a JSON object, not {type(content).__name__}")
        case = Case.model_validate(content).with_root(media)
        _check_reach(case)
        return Row(file, line, raw, media, content, case)
    except ValidationError as error:
        field, message = explain(error, Case)
        problem = Problem("not a case", message, file, line, field or None)
    except DataError as error:
        kind = "unreadable row" if error.field is None else "media out of reach"
        problem = Problem(kind, error.message, file, line, error.field)
    return Row(file, line, raw, media, content, problem=problem)


def _check_reach(case: Case) -> None:
    for field, name in case.media:
        try:
            case.path(name)
        except DataError as error:
            raise DataError(error.message, field=field) from error
