"""Row: one line of a source, read strictly: a case, or the problem that kept it from being one."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from data.case import Case
from data.errors import DataError, explain
from data.media.folder import MediaFolder
from data.reading.problem import Problem


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


def parse_json(raw: bytes) -> Any:
    """Strict JSON: UTF-8, no key twice, no NaN, no half of a surrogate pair.

    Raises:
        DataError: it is not; says where in the line.
    """
    try:
        text = raw.decode("utf-8-sig")
        content = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
        if "\\u" in text:
            json.dumps(content, ensure_ascii=False).encode()
        return content
    except UnicodeDecodeError as error:
        raise DataError(f"not UTF-8 text (byte {error.start + 1} of the line): save the file as UTF-8") from error
    except UnicodeEncodeError as error:
        raise DataError("has half of a surrogate pair, which is no character") from error
    except json.JSONDecodeError as error:
        cut = ": the line is cut off" if error.pos >= len(text.rstrip()) or "Unterminated" in error.msg else ""
        raise DataError(f"not JSON: {error.msg.removesuffix(' at')} at column {error.pos + 1}{cut}") from error
    except RecursionError as error:
        raise DataError("not a case: nested too deeply") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise DataError(f"key '{twice}' is given twice")
    return content


def _no_constant(name: str) -> None:
    raise DataError(f"{name} is not JSON")
