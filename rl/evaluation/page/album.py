"""Album: the pictures of a page, as small WebP thumbnails, each file once however many cases show it.

Pictures are drawn anew from their pixels, so that nothing else that a file may carry gets into the page.
"""

import base64
import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from data import Case, DataError
from data.media.images import open_image
from rl.terminal.progress import counting

SIDE = 320
"""Longest side of a thumbnail, in pixels."""
QUALITY = 72
EFFORT = 2
"""WebP's ``method``: half the time of the default for 5 % more bytes."""

Thumbnail = dict[str, str]
"""``{"webp": base64}``, or ``{"trouble": why there is none}``."""


class Album:
    """Pictures by number, in the order in which they were first asked for."""

    def __init__(self) -> None:
        self._numbers: dict[Path, int] = {}
        self._cases: list[str] = []

    def number(self, case: Case, path: str) -> int:
        """The number of one of the case's pictures."""
        whole = case.path(path)
        if whole not in self._numbers:
            self._cases.append(case.id)
        return self._numbers.setdefault(whole, len(self._numbers))

    def __len__(self) -> int:
        return len(self._numbers)

    def thumbnails(self, progress: bool = False) -> list[Thumbnail]:
        """All of them, made on every core. A picture that cannot be opened says why.

        Args:
            progress: whether to show how far this is.
        """
        made: list[Thumbnail] = []
        with ThreadPoolExecutor(os.cpu_count()) as pool, counting("thumbnails", len(self), shown=progress) as reached:
            for picture in pool.map(thumbnail, self._numbers, self._cases):
                made.append(picture)
                reached(len(made))
        return made


def thumbnail(path: Path, case_id: str) -> Thumbnail:
    """A picture at most `SIDE` pixels wide and high."""
    try:
        image = open_image(path, case_id)
    except DataError as error:
        return {"trouble": error.message.replace(str(path), path.name)}
    image.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY, method=EFFORT)
    return {"webp": base64.b64encode(buffer.getvalue()).decode()}
