"""Row: one line of a source, read strictly: a case, or the problem that kept it from being one."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from data.case import Case
from data.errors import DataError, explain
from data.media.folder import MediaFolder
from data.reading.problem import Problem

MAX_LINE = 8_000_000
"""Bytes of a case's line: some hundred times what a model can read at once."""
MAX_DEPTH = 64
"""How deep lists and objects may be nested: what is read has to be written, compared and copied again."""
MAX_DIGITS = 300
"""Of an integer: all of them fit into a float."""


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


def parse_json(raw: bytes) -> Any:
    """Strict JSON: UTF-8, no key twice, no NaN, no number beyond a float's range, no half of a surrogate pair, nested
    at most `MAX_DEPTH` deep.

    Raises:
        DataError: it is not; says where in the line.
    """
    try:
        text = raw.decode("utf-8-sig")
        content = json.loads(
            text, object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_integer, parse_float=_finite
        )
        if text.count("[") + text.count("{") > MAX_DEPTH:
            _check_depth(content if isinstance(content, (dict, list)) else [])
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
        raise DataError(_TOO_DEEP) from error


_TOO_DEEP = f"nested too deeply: want at most {MAX_DEPTH} levels"


def _check_depth(content: dict[str, Any] | list[Any]) -> None:
    level = [content]
    for _ in range(MAX_DEPTH):
        inside = (inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer))
        level = [inner for inner in inside if isinstance(inner, (dict, list))]
    if level:
        raise DataError(_TOO_DEEP)


def _integer(digits: str) -> int:
    if (count := len(digits.lstrip("-"))) > MAX_DIGITS:
        raise DataError(f"an integer of {count:,} digits: put it in quotes if text is meant")
    return int(digits)


def _finite(written: str) -> float:
    number = float(written)
    if math.isinf(number):
        raise DataError(f"{written[:20]} is too large a number")
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise DataError(f"key '{twice}' is given twice")
    return content


def _no_constant(name: str) -> None:
    raise DataError(f"{name} is not JSON")
