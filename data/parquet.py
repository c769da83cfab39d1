"""Parquet files, read with care: one that is damaged, or has other columns than it should, is an error that names it.

Python's reader believes what a damaged file says of itself, so every table is validated before a value of it is used.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from data.errors import DataError
from data.files import at_file

Kind = Literal["text", "integer", "number", "anything"]
"""What a column holds. A number may be an integer, and is finite; *anything* has only to be there."""


def read_parquet(path: str | Path, columns: Mapping[str, Kind], *, only: bool = False) -> list[dict[str, Any]]:
    """The rows of a Parquet file.

    Args:
        columns: those that must be there, and what each holds. With a ``?`` after the name, values may be null; a name
            that ends in ``*`` is for all that begin with it, if any, and their values may be null too.
        only: leave other columns unread.

    Raises:
        DataError: the file cannot be read, is no Parquet file or is damaged, or a column is not as it should be; names
            the file, the row and the column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with at_file(path, "read"), Path(path).open("rb") as content:
            file = pq.ParquetFile(content)
            there = file.schema_arrow.names
            _check_names(there, columns, path)
            wanted = [name for column in columns for name in _named(column, there)]
            table = file.read(wanted if only else None)
        table.validate(full=True)
        for column, kind in columns.items():
            for name in _named(column, there):
                _check(table[name], kind, column.endswith(("?", "*")), path, name)
        rows: list[dict[str, Any]] = table.to_pylist()
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"not a Parquet file, or a damaged one: {error}", file=path) from error
    return rows


def _named(column: str, there: list[str]) -> list[str]:
    """The columns of the file that a name of `read_parquet` stands for."""
    stem = column.rstrip("?*")
    return [name for name in there if name.startswith(stem)] if column.endswith("*") else [stem]


def _check_names(there: list[str], columns: Mapping[str, Kind], path: str | Path) -> None:
    for name in (name for column in columns for name in _named(column, there)):
        if name not in there:
            raise DataError("there is no such column", file=path, field=name)
    for name in there:
        if there.count(name) > 1:
            raise DataError("this column is there twice", file=path, field=name)


def _check(column: Any, kind: Kind, may_be_null: bool, path: str | Path, name: str) -> None:
    """Raises DataError where a column does not hold what it should."""
    import pyarrow.compute as pc
    from pyarrow import types

    whole, real = types.is_integer(column.type), types.is_floating(column.type)
    text = types.is_string(column.type) or types.is_large_string(column.type)
    fits = {"text": text, "integer": whole, "number": whole or real, "anything": True}[kind]
    if not fits and not types.is_null(column.type):
        raise DataError(f"this column should hold {kind}, not {column.type}", file=path, field=name)
    if column.null_count and not may_be_null:
        row = pc.index(column.is_null(), True).as_py() + 1
        raise DataError("has no value", file=path, line=row, field=name)
    if real and (row := pc.index(pc.is_finite(column), False).as_py()) >= 0:
        raise DataError("is no finite number", file=path, line=row + 1, field=name)
