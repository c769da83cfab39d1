"""Foreign records: the rows of CSV, TSV, JSON and JSONL files, and values in them by column or dotted path."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.errors import DataError, suggest
from data.strict_json import parse_json

_LONGEST_FIELD = 64_000_000


@dataclass(frozen=True)
class Record:
    """One row of a foreign file."""

    row: int
    """From 1, not counting a header."""
    line: int | None
    """Where it starts in the file, from 1; None in a JSON file."""
    values: dict[str, Any]
    problem: str | None = None
    """Why it cannot be read."""


def read_records(path: Path, format: str | None = None, records: str | None = None) -> Iterator[Record]:
    """The rows of a file, good and bad.

    Args:
        format: csv, tsv, json or jsonl; by the suffix if None.
        records: in a JSON file, the path to the list of rows.

    Raises:
        DataError: the file is missing, not UTF-8, or not what its format says.
    """
    if not path.is_file():
        raise DataError("no such file", file=path)
    format = format or path.suffix.lstrip(".").casefold()
    if format in ("csv", "tsv"):
        return _table(path, "\t" if format == "tsv" else ",")
    if format == "jsonl":
        return _json_lines(path)
    if format == "json":
        return _json_list(path, records)
    raise DataError(f"unknown format '{format}': want csv, tsv, json or jsonl (mapping key 'format')", file=path)


def value_at(values: Any, path: str) -> Any:
    """The value at a column name or a dotted path.

    Raises:
        DataError: there is no such column or key.
    """
    if isinstance(values, dict) and path in values:
        return values[path]
    here = values
    for part in path.split("."):
        if isinstance(here, str) and here[:1] in ("{", "["):
            here = json_value(here)
        if isinstance(here, dict) and part in here:
            here = here[part]
        elif isinstance(here, list) and part.isdecimal() and int(part) < len(here):
            here = here[int(part)]
        else:
            raise DataError(f"no value at '{path}'{suggest(part, here) if isinstance(here, dict) else ''}", field=path)
    return here


def json_value(text: str) -> Any:
    """The JSON that a text column holds.

    Raises:
        DataError: it is none.
    """
    return parse_json(text.encode("utf-8", "surrogatepass"))


def text_of(value: Any) -> str:
    """A value as text: nothing as "", lists of texts by line, other values as their JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return json.dumps(value, ensure_ascii=False)


def _table(path: Path, delimiter: str) -> Iterator[Record]:
    before = csv.field_size_limit(_LONGEST_FIELD)
    start = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter=delimiter, restkey="", strict=True)
            columns = reader.fieldnames or []
            if len(set(columns)) < len(columns):
                twice = next(name for name in columns if list(columns).count(name) > 1)
                raise DataError(f"column '{twice}' is there twice", file=path, line=1)
            start = reader.line_num + 1
            for row, values in enumerate(reader, start=1):
                extra = values.pop("", None) if "" not in columns else None
                missing = [name for name, value in values.items() if value is None]
                problem = None
                if extra or missing:
                    found = len(columns) - len(missing) + len(extra or [])
                    problem = f"has {found} columns where the header has {len(columns)}"
                yield Record(row, start, values | ({"": extra} if extra else {}), problem)
                start = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error.start) from error
    except csv.Error as error:
        message = f'the row that starts here is not quoted as CSV: {error}; write " within quotes as ""'
        raise DataError(message, file=path, line=start) from error
    finally:
        csv.field_size_limit(before)


def _json_lines(path: Path) -> Iterator[Record]:
    row = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip(b" \t\r\n\xef\xbb\xbf"):
                continue
            row += 1
            try:
                values = parse_json(line)
                problem = None if isinstance(values, dict) else f"want an object, not {type(values).__name__}"
            except DataError as error:
                values, problem = line.decode("utf-8", "replace").rstrip("\r\n"), error.message
            yield Record(row, number, values if isinstance(values, dict) else {"": values}, problem)


def _json_list(path: Path, records: str | None) -> Iterator[Record]:
    content = path.read_bytes()
    try:
        values = parse_json(content)
        rows = value_at(values, records) if records else values
    except DataError as error:
        raise DataError(error.message, file=path, field=error.field) from error
    if not isinstance(rows, list):
        raise DataError(
            "want a list of rows: say where it is with the mapping key 'records'", file=path, field=records
        )
    for number, row in enumerate(rows, start=1):
        if isinstance(row, dict):
            yield Record(number, None, row)
        else:
            yield Record(number, None, {"": row}, f"want an object, not {type(row).__name__}")


def _not_utf8(path: Path, start: int) -> DataError:
    return DataError(f"not UTF-8 text (near byte {start}): save the file as UTF-8, e.g. with iconv", file=path)
