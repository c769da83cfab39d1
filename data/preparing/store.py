"""Store: what was made of media, kept by content. The same file under the same settings is made once, by whoever comes
first, and is there whole or not at all: so a run that was stopped goes on where it was.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from data.errors import DataError
from data.files import at_file, link_or_copy, read_json, whole_file, whole_folder, write_json

FORMAT = 1
"""Of what is kept; what another version has made is made anew."""
MADE = "made.json"
LONGEST_ENDING = 16
"""Characters of a file's ending; a longer one is none, and might make its name longer than names can be."""


class Store:
    """A folder of a preparation.

    Args:
        out: the folder of the prepared cases; everything lies in its ``media``.
    """

    def __init__(self, out: Path):
        self.out = out

    def made(self, kind: str, source: Path, settings: Any, make: Callable[[Path], Any]) -> tuple[str, Any]:
        """What was made of a file.

        Args:
            kind: what is made, such as ``frames``.
            source: the file.
            settings: how it is made, as JSON.
            make: makes it: writes files into the folder that it is given, and says the rest as JSON.

        Returns:
            The folder with the files, relative to `out`, and the JSON.
        """
        folder = f"media/{kind}/{_key(source, settings)}"
        path = self.out / folder
        there = path.exists()
        found = _read(path / MADE)
        if found is None:
            if there:  # whole when it came: somebody has damaged it since
                shutil.rmtree(path)
            with whole_folder(path) as draft:
                write_json(draft / MADE, {"made": make(draft)})
            found = read_json(path / MADE)
        return folder, found["made"]

    def kept(self, source: Path) -> str:
        """A file that cases go on naming, relative to `out`: as it is where it lies in there already, else linked or
        copied, since a case file names nothing outside of its folder.
        """
        real, out = Path(os.path.realpath(source)), Path(os.path.realpath(self.out))
        if real.is_relative_to(out):
            return real.relative_to(out).as_posix()
        ending = real.suffix.lower() if len(real.suffix) <= LONGEST_ENDING else ""
        name = f"media/own/{_digest(real)[:24]}{ending}"
        target = self.out / name
        if not target.exists():
            with whole_file(target, flushed=False) as draft:
                link_or_copy(real, draft)
        return name


def _read(path: Path) -> dict[str, Any] | None:
    """What is said of something that was made; None where it is not there, or damaged."""
    try:
        found = read_json(path)
    except DataError:
        return None
    return found if "made" in found else None


def _key(source: Path, settings: Any) -> str:
    told = json.dumps([FORMAT, _digest(source), settings], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:24]


def _digest(path: Path) -> str:
    """Of a file's content."""
    stat = os.stat(path)
    return _digest_of(str(path), stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=1024)
def _digest_of(path: str, size: int, changed: int) -> str:
    with at_file(path, "read"), open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
