"""Reading and writing cases: JSONL files, folders of them, and Arrow or Hub datasets.

A JSONL file holds one case a line, in UTF-8; blank lines are skipped. Media paths are relative to the file.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from data.case import Case
from data.errors import DataError
from data.files import at_file, whole_file
from data.reading.problem import Problem
from data.reading.row import Row, read_row
from data.reading.twins import contradictions

REJECTED = "rejected.jsonl"
"""What `convert` could not turn into cases; not read as part of a folder."""


def load_cases(*sources: Any) -> list[Case]:
    """Reads cases from JSONL files, folders of JSONL files, saved Arrow datasets, the Hub (``hub:NAME`` or
    ``hub:NAME:SPLIT``) or `datasets.Dataset` objects. Images that come as bytes are written to a cache folder.

    Raises:
        DataError: a source is missing, a row is not a case, an id is there twice, or twins contradict each other;
            names file, line and field.
    """
    rows = []
    for row in read_rows(*sources):
        if row.problem is not None:
            raise row.problem.error()
        rows.append(row)
    if problem := next(contradictions(rows), None):
        raise problem.error()
    return [row.case for row in rows if row.case is not None]


def read_rows(*sources: Any) -> Iterator[Row]:
    """Every row of the sources, good or bad, in order. Of two cases with one id, the second is a problem.

    Raises:
        DataError: a source is missing or cannot be read at all.
    """
    seen: dict[str, tuple[Path, int]] = {}
    for source in sources:
        for row in _rows(source):
            if row.case is not None:
                here = (row.file, row.line)
                file, line = seen.setdefault(row.case.id, here)
                if (file, line) != here:
                    message = f"duplicate id '{row.case.id}', first in {file}:{line}"
                    if file != row.file:
                        message += "; where ids come from a mapping, {file} or {hash} in its 'id' keeps files apart"
                    row = replace(row, case=None, problem=Problem("duplicate id", message, row.file, row.line, "id"))
            yield row


def save_cases(cases: Iterable[Case], path: str | Path) -> None:
    """Writes cases as JSONL that `load_cases` reads back. Media paths are written as they are."""
    with whole_file(path) as draft, draft.open("w", encoding="utf-8", newline="\n") as file:
        for case in cases:
            file.write(case_json(case) + "\n")


def case_json(case: Case) -> str:
    """The case as one line of JSON, without the keys that are left at their defaults."""
    return json.dumps(case.model_dump(mode="json", by_alias=True, exclude_defaults=True), ensure_ascii=False)


def _rows(source: Any) -> Iterator[Row]:
    if not isinstance(source, (str, Path)):
        from data.reading.datasets import dataset_rows

        return dataset_rows(source, Path(type(source).__name__))
    if str(source).startswith("hub:"):
        from data.reading.datasets import hub_rows

        return hub_rows(str(source))
    path = Path(source)
    if path.is_file():
        return _jsonl_rows(path)
    if not path.exists():
        raise DataError("no such file or folder", file=path)
    if any((path / name).exists() for name in ("dataset_info.json", "dataset_dict.json")):
        from data.reading.datasets import folder_rows

        return folder_rows(path)
    files = sorted(file for file in path.glob("*.jsonl") if file.name != REJECTED)
    if not files:
        raise DataError("the folder holds neither .jsonl files nor a saved dataset", file=path)
    return (row for file in files for row in _jsonl_rows(file))


def _jsonl_rows(file: Path) -> Iterator[Row]:
    with at_file(file, "read"), file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            raw = line.removesuffix(b"\n")
            if raw.strip(b" \t\r\xef\xbb\xbf"):
                yield read_row(raw, file, number)
