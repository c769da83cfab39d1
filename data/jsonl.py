"""JSONL of our own formats: one typed value a line. Cases, of which each may be broken for itself, are read by
`data.reading`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from data.errors import DataError, explain
from data.files import at_file
from data.strict_json import parse_json

Line = TypeVar("Line", bound=BaseModel)


def read_jsonl(path: str | Path, kind: type[Line], size: int | None = None) -> Iterator[tuple[int, Line]]:
    """The lines of a file with their numbers, from 1; those that are blank are passed over.

    Args:
        size: bytes of it that are read; all of them if None.

    Raises:
        DataError: the file cannot be read, or a line is not what it should be; names file, line and field.
    """
    with at_file(path, "read"), Path(path).open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            if size is not None and (size := size - len(raw)) < 0:
                return
            if not raw.strip():
                continue
            try:
                yield number, kind.model_validate(parse_json(raw))
            except ValidationError as error:
                field, message = explain(error, kind)
                raise DataError(message, file=path, line=number, field=field) from error
            except DataError as error:
                raise DataError(error.message, file=path, line=number) from error
