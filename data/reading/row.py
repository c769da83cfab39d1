"""Row: one line of a source, read strictly: a case, or the problem that kept it from being one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from data.case import Case
from data.errors import DataError, explain
from data.reading.problem import Problem
from data.strict_json import parse_json


@dataclass(frozen=True)
class Row:
    """One row of a source: a case, or the problem that kept it from being one."""

    file: Path
    line: int
    raw: bytes
    """The line as it stands in the file, without its line break."""
    content: Any = None
    """The line's JSON; None where it does not parse."""
    case: Case | None = None
    problem: Problem | None = None
    root: Path = Path()
    """The folder that media paths are relative to."""


def read_row(raw: bytes, file: Path, line: int, root: Path | None = None) -> Row:
    """One line as a row.

    Args:
        root: where the media lie; the file's folder if None.
    """
    root = file.parent if root is None else root
    content = None
    try:
        content = parse_json(raw)
        if not isinstance(content, dict):
            raise DataError(f"want a JSON object, not {type(content).__name__}")
        case = Case.model_validate(content).with_root(root)
        return Row(file, line, raw, content, case, root=root)
    except ValidationError as error:
        field, message = explain(error, Case)
        problem = Problem("not a case", message, file, line, field or None)
    except DataError as error:
        problem = Problem("unreadable row", error.message, file, line)
    return Row(file, line, raw, content, problem=problem, root=root)
