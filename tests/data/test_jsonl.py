"""JSONL of our own formats."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from data import DataError
from data.jsonl import read_jsonl


class Line(BaseModel):
    id: str


def test_lines_come_with_their_numbers_and_blank_ones_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"id": "a"}\r\n\n  \n{"id": "b"}')
    assert [(number, line.id) for number, line in read_jsonl(tmp_path / "a.jsonl", Line)] == [(1, "a"), (4, "b")]


@pytest.mark.parametrize(("line", "said"), [(b'{"id": 1}', "a.jsonl:2: id: "), (b"{", "a.jsonl:2: not JSON")])
def test_a_line_that_is_wrong_is_named(tmp_path: Path, line: bytes, said: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"id": "a"}\n' + line)
    with pytest.raises(DataError, match=said):
        list(read_jsonl(tmp_path / "a.jsonl", Line))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.jsonl: cannot be read"):
        list(read_jsonl(tmp_path / "a.jsonl", Line))
