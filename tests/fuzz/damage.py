"""Damage: what can be wrong with a file, as a name and a function that does it.

`BYTES` holds for files of every kind. `in_tree` changes what JSON, JSONL and YAML say and `in_table` what Parquet
says, so that the file itself is sound and only what it means is wrong.
"""

import json
import os
import random
import re
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

Damage = Callable[[Path, random.Random], object]


def _flipped(path: Path, draw: random.Random) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(8):
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(content)


def _blanked(path: Path, draw: random.Random) -> None:
    content = bytearray(path.read_bytes())
    start = draw.randrange(len(content))
    content[start : start + 200] = b"\xff" * len(content[start : start + 200])
    path.write_bytes(content)


def _cut(path: Path, draw: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: draw.randrange(1, len(content))])


def _linked(path: Path, to: str | Path) -> None:
    path.unlink()
    path.symlink_to(to)


def _folder(path: Path, draw: random.Random) -> None:
    path.unlink()
    path.mkdir()


BYTES: dict[str, Damage] = {
    "is gone": lambda path, draw: path.unlink(),
    "is empty": lambda path, draw: path.write_bytes(b""),
    "is a folder": _folder,
    "is a link to itself": lambda path, draw: _linked(path, path.name),
    "cannot be read": lambda path, draw: _linked(path, "/proc/self/mem"),  # for root, too
    "is cut off": _cut,
    "has flipped bits": _flipped,
    "has a run of 0xFF": _blanked,
    "is UTF-16": lambda path, draw: path.write_bytes(path.read_bytes().decode("latin-1").encode("utf-16")),
    "has a NUL in front": lambda path, draw: path.write_bytes(b"\0" + path.read_bytes()),
    "is nested 100,000 deep": lambda path, draw: path.write_bytes(b"[" * 100_000),
    "is one number of 5,000 digits": lambda path, draw: path.write_bytes(b"9" * 5_000 + b"\n"),
}
VALUES: dict[str, Any] = {
    "NaN": float("nan"),
    "infinite": float("inf"),
    "minus infinite": float("-inf"),
    "nested 900 deep": "@" + "[" * 900 + "]" * 900,
    "1e999": "@1.0e+999",
    "-1": -1,
    "0": 0,
    "0.5": 0.5,
    "10^30": 10**30,
    "5,000 digits": "@" + "9" * 5_000,
    "null": None,
    "true": True,
    "empty text": "",
    "text": "no such thing",
    "NUL": "a\0b",
    "half a pair": "\ud800",
    "long text": "x" * 100_000,
    "an empty list": [],
    "a list": [1, "a", None],
    "an empty mapping": {},
    "a mapping": {"a": {"b": 1}},
    "a date": "@2024-02-30",
}
"""What is put in a value's place; after an ``@`` stands what no library would write."""


def in_tree(path: Path, draw: random.Random) -> str:
    """Puts one value of `VALUES` in the place of another, or drops, renames or doubles a key; says what it did."""
    content = _read_tree(path)
    places = list(_places(content))
    place = draw.choice(places)
    outer = content
    for key in place[:-1]:
        outer = outer[key]
    key, name = place[-1], draw.choice([*VALUES, *VALUES, "dropped", "renamed", "beside an unknown key"])
    if name == "dropped" or (name != "beside an unknown key" and isinstance(outer, list) and name not in VALUES):
        del outer[key]
        name = "dropped"
    elif name == "renamed":
        outer[f"{key}x"] = outer.pop(key)
    elif name == "beside an unknown key":
        (outer if isinstance(outer, dict) else content[place[0]])["unknown_key"] = 1
    else:
        outer[key] = deepcopy(VALUES[name])
    _write_tree(path, content)
    return f"{'.'.join(map(str, place))} is {name}"


def in_table(path: Path, draw: random.Random) -> str:
    """Changes a column of a Parquet file, or its rows; says what it did."""
    table = pq.read_table(path)
    column = draw.choice(table.column_names)
    place, rows = table.column_names.index(column), len(table)
    kept: list[Any] = [None] * max(rows, 1)
    changed = {
        "dropped": lambda: table.drop_columns([column]),
        "renamed": lambda: table.rename_columns([f"{n}x" if n == column else n for n in table.column_names]),
        "numbers": lambda: table.set_column(place, column, pa.array(range(rows))),
        "infinite": lambda: table.set_column(place, column, pa.array([float("inf")] * rows)),
        "NaN": lambda: table.set_column(place, column, pa.array([float("nan")] * rows)),
        "-1": lambda: table.set_column(place, column, pa.array([-1] * rows)),
        "null": lambda: table.set_column(place, column, pa.array(kept[:rows], table.schema.types[place])),
        "text": lambda: table.set_column(place, column, pa.array(["no such thing"] * rows)),
        "broken JSON": lambda: table.set_column(place, column, pa.array(['{"a": '] * rows)),
        "deep JSON": lambda: table.set_column(place, column, pa.array(["[" * 100_000] * rows)),
        "JSON of a list": lambda: table.set_column(place, column, pa.array(["[1]"] * rows)),
        "bytes": lambda: table.set_column(place, column, pa.array([b"\xff\xfe"] * rows)),
        "lists": lambda: table.set_column(place, column, pa.array([[1]] * rows)),
        "there twice": lambda: table.append_column(column, table[column]),
        "without rows": lambda: table.slice(0, 0),
        "with all rows twice": lambda: pa.concat_tables([table, table]),
        "without its last row": lambda: table.slice(0, rows - 1),
        "beside an unknown column": lambda: table.append_column("unknown", pa.array(range(rows))),
    }
    name = draw.choice(list(changed))
    pq.write_table(changed[name](), path)
    return f"{column} is {name}"


def meaning(path: Path) -> Callable[[Path, random.Random], str] | None:
    """What changes the meaning of a file of this kind; None where bytes are all there is."""
    if path.suffix in (".json", ".jsonl", ".yaml"):
        return in_tree
    return in_table if path.suffix == ".parquet" else None


def in_the_way(path: Path, how: str) -> None:
    """Puts something where a command wants to write."""
    if path.is_dir():
        shutil.rmtree(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if how == "a file":
        path.write_text("in the way")
    elif how == "a folder":
        path.mkdir()
    elif how == "a folder that cannot be written":
        path.symlink_to("/proc/self" if os.path.exists("/proc/self") else "/dev")


def _read_tree(path: Path) -> Any:
    text = path.read_text("utf-8")
    if path.suffix == ".yaml":
        return yaml.safe_load(text)
    return [json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else json.loads(text)


def _write_tree(path: Path, content: Any) -> None:
    if path.suffix == ".yaml":
        text = yaml.safe_dump(content, sort_keys=False, width=10**6)
    elif path.suffix == ".jsonl":
        text = "".join(json.dumps(row) + "\n" for row in content)
    else:
        text = json.dumps(content, indent=2)
    path.write_text(re.sub(r"""(["'])@(.*?)\1""", r"\2", text), "utf-8")


def _places(content: Any) -> Iterator[tuple[Any, ...]]:
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield (key,)
        for rest in _places(value):
            yield (key, *rest)
