"""View: a picture that a tool made: a part of a case's picture, larger, or whatever a tool of one's own draws."""

import hashlib
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from data import Case
from prompts.parts.picture import Picture

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class View(Picture):
    """An image held in memory: no case names it, and no file needs to be there when it is shown again."""

    path: str = ""
    png: bytes = field(kw_only=True, repr=False)
    """Its pixels, as a PNG without anything else that a file can carry."""

    plural: ClassVar[str] = "pictures"

    @classmethod
    def of(cls, case: Case) -> "tuple[View, ...]":
        """None: cases hold what they came with."""
        return ()

    @classmethod
    def drawn(cls, image: "Image.Image", name: str = "view", case: str | None = None) -> "View":
        """An image, which may be changed afterwards."""
        buffer = io.BytesIO()
        image.convert("RGB").save(buffer, "PNG", compress_level=1)
        return cls(name=name, case=case, png=buffer.getvalue())

    @property
    def opened(self) -> "Image.Image":
        from PIL import Image

        image = Image.open(io.BytesIO(self.png), formats=("PNG",))
        image.load()
        return image

    @property
    def size(self) -> tuple[int, int]:
        return self.opened.size

    def identity(self) -> dict[str, Any]:
        """``{"type": "image", "sha256": …}`` of its PNG."""
        return {"type": "image", "sha256": hashlib.sha256(self.png).hexdigest()}
