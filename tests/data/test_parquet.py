"""A Parquet file that is damaged, or has other columns than it should, is an error that names file, row and column."""

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import DataError
from data.parquet import Kind, read_parquet

COLUMNS: dict[str, Kind] = {"id": "text", "n": "integer", "x?": "number", "reward.*": "number"}
GOOD: dict[str, Any] = {
    "id": ["a", "b"],
    "n": [1, 2],
    "x": [0.5, None],
    "reward.r": [1, None],
    "more": [b"\xff"] * 2,
}


def saved(path: Path, **changes: Any) -> Path:
    pq.write_table(pa.table({key: value for key, value in {**GOOD, **changes}.items() if value is not None}), path)
    return path


def test_rows_are_read(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.parquet")
    rows = read_parquet(path, COLUMNS)
    assert rows[1] == {"id": "b", "n": 2, "x": None, "reward.r": None, "more": b"\xff"}
    assert read_parquet(path, {"n": "number"}, only=True) == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": None}, "a.parquet: id: there is no such column"),
        ({"id": [1, 2]}, "a.parquet: id: this column should hold text, not int64"),
        ({"id": ["a", None]}, "a.parquet:2: id: has no value"),
        ({"n": [0.5, 1.0]}, "a.parquet: n: this column should hold integer"),
        ({"x": [0.5, float("nan")]}, "a.parquet:2: x: is no finite number"),
        ({"reward.r": [float("inf"), 1.0]}, "a.parquet:1: reward.r: is no finite number"),
        ({"reward.r": ["a", "b"]}, "a.parquet: reward.r: this column should hold number"),
    ],
)
def test_columns_that_are_not_as_they_should_be_are_named(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read_parquet(saved(tmp_path / "a.parquet", **changes), COLUMNS)


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    table = pa.table(GOOD)
    pq.write_table(table.append_column("n", table["n"]), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"a\.parquet: n: this column is there twice"):
        read_parquet(tmp_path / "a.parquet", COLUMNS)


def test_a_damaged_file_is_read_as_it_was_or_named(tmp_path: Path) -> None:
    path, draw = saved(tmp_path / "a.parquet"), random.Random(0)
    whole, good = path.read_bytes(), read_parquet(path, COLUMNS)
    refused = 0
    for _ in range(200):
        broken = bytearray(whole)
        if draw.random() < 0.5:
            broken = broken[: draw.randrange(len(whole))]
        else:
            broken[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        path.write_bytes(broken)
        try:
            assert len(read_parquet(path, COLUMNS)) <= len(good)
        except DataError as error:
            assert error.file == path
            refused += 1
    assert refused > 100


@pytest.mark.parametrize("what", ["nothing", "a folder"])
def test_what_cannot_be_read_is_named(tmp_path: Path, what: str) -> None:
    if what == "a folder":
        (tmp_path / "a.parquet").mkdir()
    with pytest.raises(DataError, match=r"a\.parquet: cannot be read: (No such file or|Is a) directory$"):
        read_parquet(tmp_path / "a.parquet", COLUMNS)
