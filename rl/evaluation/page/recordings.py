"""Recordings: the videos and sounds that a page can play, as they lie below its own folder.

A page names nothing outside of that folder. A recording elsewhere is played only where it is to be put beside the
page: linked or copied as it is, with all that the file may carry, unlike pictures, which are drawn anew.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data import Case, DataError
from data.files import link_or_copy, whole_file

ENDINGS = {".mp4", ".m4v", ".mov", ".webm", ".mkv", ".mp3", ".m4a", ".wav", ".ogg", ".opus", ".flac"}
"""What the name of a file that is put there may end in; others go without, and browsers look into them."""


@dataclass(frozen=True)
class Recordings:
    """Which recordings a page can play.

    Args:
        page: the page's own folder.
        folder: the one beside the page where recordings are put; none are if None.
    """

    page: Path
    folder: Path | None = None

    def of(self, case: Case) -> dict[str, Any] | None:
        """The case's video, or else its sound: ``{"kind": "video", "path": parts of its path from the page}``; None
        where there is none that the page can play."""
        kind, name = ("video", case.video) if case.video is not None else ("audio", case.audio)
        if name is None:
            return None
        try:
            source = Path(os.path.realpath(case.path(name)))
        except DataError:  # out of the case file's reach
            return None
        page = Path(os.path.realpath(self.page))
        if not source.is_file():
            return None
        if not source.is_relative_to(page):
            if self.folder is None:
                return None
            source = page / os.path.relpath(self._put(source), self.page)
        parts = source.relative_to(page).parts
        return {"kind": kind, "path": parts} if all(map(_is_text, parts)) else None

    def _put(self, source: Path) -> Path:
        """Links or copies a file beside the page, under the name that its content has."""
        assert self.folder is not None
        with source.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:20]
        ending = source.suffix.lower() if source.suffix.lower() in ENDINGS else ""
        target = self.folder / f"{digest}{ending}"
        if not target.exists():
            with whole_file(target, flushed=False) as draft:
                link_or_copy(source, draft)
        return target


def _is_text(name: str) -> bool:
    """Whether a browser can be told a name: not one of bytes that are no UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
