"""Picture: an image of a case. All that is known of images in prompts is known here."""

import base64
import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from data import Case, DataError
from data.media.images import image_size, open_image
from prompts.parts.picture_tokens import tokens_of

if TYPE_CHECKING:
    from PIL import Image

    from prompts.processor import Processor


@dataclass(frozen=True)
class Picture:
    """An image, opened when it is wanted: upright, RGB, of any size that `data.media.images` lets pass."""

    path: str
    name: str = "image"
    case: str | None = field(default=None, compare=False)
    """The id of its case; no part of what is shown."""

    plural: ClassVar[str] = "pictures"
    case_field: ClassVar[str] = "images"
    row_column: ClassVar[str] = "images"

    @classmethod
    def of(cls, case: Case) -> "tuple[Picture, ...]":
        """The case's images, their paths absolute."""
        return tuple(cls(absolute(case, path), f"image {i}", case.id) for i, path in enumerate(case.images))

    @property
    def label(self) -> str:
        """The name: there is no more to say."""
        return self.name

    @staticmethod
    def read(path: str, case: str | None = None) -> "Image.Image":
        """The opened image.

        Raises:
            DataError: it is missing, corrupt or far too large; names the case, if it is given.
        """
        return open_image(path, case)

    @property
    def opened(self) -> "Image.Image":
        """The image, as it is shown.

        Raises:
            DataError: as `read`.
        """
        return self.read(self.path, self.case)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels; only the header is read.

        Raises:
            DataError: it is missing, no image, or too large.
        """
        return image_size(self.path, self.case)

    def for_processor(self) -> dict[str, Any]:
        """``{"type": "image", "image": …}`` with the opened image.

        Raises:
            DataError: as `read`.
        """
        return {"type": "image", "image": self.opened}

    def for_row(self) -> dict[str, Any]:
        """``{"type": "image"}``."""
        return {"type": "image"}

    def for_server(self, picture_side: int) -> dict[str, Any]:
        """``{"type": "image_url", …}`` with the image as a data URL: a PNG, drawn anew, without what else a file can
        carry. The last ones are kept.

        Raises:
            DataError: as `read`.
        """
        changed = os.stat(self.path).st_mtime_ns if os.path.isfile(self.path) else 0
        return {"type": "image_url", "image_url": {"url": _data_url(self, picture_side, changed)}}

    def identity(self) -> dict[str, Any]:
        """``{"type": "image", "sha256": …}``; null where there is no file, of which whoever opens it complains."""
        path = Path(self.path)
        return {"type": "image", "sha256": hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None}

    def tokens(self, processor: "Processor", alone: bool = True) -> int:
        """How many tokens it becomes; only its header is read.

        Args:
            alone: whether nothing else is shown in its conversation.

        Raises:
            DataError: it is missing, no image, too large, or of a shape that the model does not take.
        """
        width, height = self.size
        with self._shape_taken(width, height):
            return tokens_of(processor, width, height, alone)

    def estimate(self, settings: Path) -> int:
        """How many tokens it becomes; only its header is read.

        Args:
            settings: a folder with a ``preprocessor_config.json``.

        Raises:
            DataError: it is missing, no image, too large, or of a shape that the model does not take.
        """
        width, height = self.size
        vision = _image_processor(settings)
        with self._shape_taken(width, height):
            return int(vision.get_number_of_image_patches(height, width) // vision.merge_size**2)

    @contextmanager
    def _shape_taken(self, width: int, height: int) -> Iterator[None]:
        """Image processors refuse what is very long and thin; that is a fault of the picture, so it is named."""
        try:
            yield
        except ValueError as error:
            of_case = f" (case '{self.case}')" if self.case is not None else ""
            message = f"image of {width} x {height} pixels{of_case} does not suit the model: {error}"
            raise DataError(f"{message}; crop it, or leave it out", file=self.path) from error


def absolute(case: Case, path: str) -> str:
    """Where one of the case's files is, whatever folder the program is in."""
    return str(case.path(path).absolute())


@lru_cache(maxsize=128)
def _data_url(picture: Picture, side: int, changed: int) -> str:
    image = picture.opened
    image.thumbnail((side, side))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


@lru_cache(maxsize=1)
def _image_processor(settings: Path) -> Any:
    from transformers import AutoImageProcessor

    return AutoImageProcessor.from_pretrained(settings)
