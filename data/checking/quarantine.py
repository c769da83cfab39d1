"""`quarantine`: good rows and bad rows apart, so that the good can be used at once and nothing is lost.

Under the target folder, ``good/`` and ``bad/`` mirror the tree of the sources, each row with the very bytes it had.
Media stand at the same relative place, so that paths still hold: as hard links where the file system can, else as
copies; and always as copies where they come from another folder than their file's, which `--allow-media` has allowed.
What is out of a file's reach stays where it is. ``reasons.jsonl`` says for every bad row where it came from and what
is wrong with it.
"""

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.case import FILES
from data.checking.report import Report
from data.errors import DataError
from data.files import at_file, whole_file, write_whole
from data.reading.problem import Problem
from data.reading.row import Row


@dataclass(frozen=True)
class Quarantine:
    """What went where."""

    good: int
    bad: int
    files: list[Path]


def quarantine(report: Report, target: str | Path) -> Quarantine:
    """Writes the rows of a checked set apart: bad are those with an error.

    Raises:
        DataError: the target folder is not empty.
    """
    target = Path(target)
    with at_file(target, "written"):
        if target.exists() and any(target.iterdir()):
            raise DataError("not empty: give a new folder for the quarantine", file=target)
    reasons: dict[tuple[Path, int | None], list[Problem]] = defaultdict(list)
    for problem in report.errors:
        reasons[problem.file, problem.line].append(problem)
    trunk = _trunk(report.rows)
    lines: dict[Path, list[bytes]] = defaultdict(list)
    notes = []
    for row in report.rows:
        problems = reasons.get((row.file, row.line), [])
        side = target / ("bad" if problems else "good")
        file = side / _home(row).relative_to(trunk)
        lines[file].append(row.raw)
        for media in _media(row):
            _place(row, media, side / _at(row, media).relative_to(trunk))
        if problems:
            notes.append(
                {
                    "file": str(file.relative_to(target)),
                    "line": len(lines[file]),
                    "from": f"{row.file}:{row.line}",
                    "problems": [{"kind": p.kind, "field": p.field, "message": p.message} for p in problems],
                }
            )
    for file, raws in lines.items():
        write_whole(file, b"".join(raw + b"\n" for raw in raws))
    write_whole(target / "reasons.jsonl", "".join(json.dumps(note, ensure_ascii=False) + "\n" for note in notes))
    return Quarantine(len(report.rows) - len(notes), len(notes), sorted(lines))


def _home(row: Row) -> Path:
    """The JSONL file a row belongs to; a dataset becomes one, in the folder that its media are relative to."""
    if row.file.is_file():
        return Path(os.path.abspath(row.file))
    return Path(os.path.abspath(row.media.root)) / f"{row.file.name.replace(':', '-')}.jsonl"


def _at(row: Row, media: str) -> Path:
    return Path(os.path.abspath(row.media.root / media))


def _media(row: Row) -> Iterator[str]:
    """Relative paths of the media that a row names, that are there and within its reach; also of a row that is not
    quite a case.
    """
    if not isinstance(row.content, dict):
        return
    listed, frames = [row.content.get(field) for field in ("images", "originals")], row.content.get("frames")
    names = [name for some in listed if isinstance(some, list) for name in some] + [*map(row.content.get, FILES)]
    page = row.content.get("page")
    names += [page.get("path"), page.get("screenshot")] if isinstance(page, dict) else [page]
    names += [f.get("path") for f in frames if isinstance(f, dict)] if isinstance(frames, list) else []
    for name in names:
        if isinstance(name, str) and name and not Path(name).is_absolute() and row.media.has(name):
            yield name


def _trunk(rows: list[Row]) -> Path:
    """The nearest folder above every source and all their media."""
    folders = {_home(row).parent for row in rows} | {_at(row, media).parent for row in rows for media in _media(row)}
    return Path(os.path.commonpath(folders)) if folders else Path.cwd()


def _place(row: Row, media: str, target: Path) -> None:
    """Links or copies a file, unless it is there already."""
    source = os.path.realpath(row.media.root / media)
    own = Path(source).is_relative_to(os.path.realpath(_home(row).parent))
    if target.exists():
        return
    with whole_file(target, flushed=False) as draft:
        try:
            if own:
                os.link(source, draft)
                return
        except OSError:  # another file system: a copy does
            pass
        shutil.copy2(source, draft)
