"""Album: the pictures of a page, each file once however many cases show it.

Thumbnails are small WebP and stand in the page, as long as there are not too many; whole pictures, and thumbnails
beyond that, lie in a folder beside it. All are drawn anew from their pixels, so that nothing else that a file may
carry goes along, and are named by their content, so that a page never shows a picture that another page left there.
"""

import base64
import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from data import Case, DataError
from data.files import whole_file
from data.media.images import open_image
from rl.terminal.progress import counting

if TYPE_CHECKING:
    from PIL import Image

SIDE = 320
"""Longest side of a thumbnail, in pixels."""
QUALITY = 72
EFFORT = 2
"""WebP's ``method``: half the time of the default for 5 % more bytes."""

EMBEDDED = 5_000
"""Most thumbnails inside a page: a photograph's is some 10 kB."""
WHOLE_QUALITY = 88

Box = tuple[float, float, float, float]
Thumbnail = dict[str, str]
"""``{"webp": base64}``, or ``{"file": name in the folder}``, or ``{"trouble": why there is none}``; with ``whole``,
the name of the picture at full size, where that is larger."""


class Album:
    """Pictures by number, in the order in which they were first asked for."""

    def __init__(self, folder: Path) -> None:
        """An empty one.

        Args:
            folder: where what does not stand in the page lies; it is made when there is something to put there.
        """
        self.folder = folder
        self._numbers: dict[tuple[Path, Box | None], int] = {}
        self._cases: list[str] = []

    def number(self, case: Case, path: str, box: Box | None = None) -> int:
        """The number of one of the case's pictures, or of a part of it.

        Args:
            box: left, top, right and bottom, from 0 to 1.
        """
        picture = case.path(path), box
        if picture not in self._numbers:
            self._cases.append(case.id)
        return self._numbers.setdefault(picture, len(self._numbers))

    def __len__(self) -> int:
        return len(self._numbers)

    def thumbnails(self, progress: bool = False) -> list[Thumbnail]:
        """All of them, made on every core. A picture that cannot be opened says why.

        Args:
            progress: whether to show how far this is.
        """
        made: list[Thumbnail] = []
        make = partial(thumbnail, folder=self.folder, embedded=len(self) <= EMBEDDED)
        with ThreadPoolExecutor(os.cpu_count()) as pool, counting("thumbnails", len(self), shown=progress) as reached:
            for picture in pool.map(make, self._numbers, self._cases):
                made.append(picture)
                reached(len(made))
        return made


def thumbnail(picture: tuple[Path, Box | None], case_id: str, folder: Path, embedded: bool = True) -> Thumbnail:
    """A picture, or a part of it, at most `SIDE` pixels wide and high; a larger one is also written whole to the
    folder.
    """
    path, box = picture
    try:
        image = open_image(path, case_id)
        if box is not None:
            x0, y0, x1, y1 = box
            left, top = int(x0 * image.width), int(y0 * image.height)
            edges = max(left + 1, round(x1 * image.width)), max(top + 1, round(y1 * image.height))
            image = image.crop((left, top, *edges))
    except DataError as error:
        return {"trouble": error.message.replace(str(path), path.name)}
    whole = {}
    if max(image.size) > SIDE:
        whole = {"whole": _put(folder, "jpg", _encoded(image, "JPEG", quality=WHOLE_QUALITY))}
        image.thumbnail((SIDE, SIDE))
    small = _encoded(image, "WEBP", quality=QUALITY, method=EFFORT)
    return whole | ({"webp": base64.b64encode(small).decode()} if embedded else {"file": _put(folder, "webp", small)})


def _encoded(image: "Image.Image", kind: str, **settings: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def _put(folder: Path, ending: str, content: bytes) -> str:
    """Writes a file under the name that its content has, and says which."""
    name = f"{hashlib.sha256(content).hexdigest()[:20]}.{ending}"
    with whole_file(folder / name, flushed=False) as draft:
        draft.write_bytes(content)
    return name
