"""Material: what lies on the desk. Tools reach the case and the book through it, and nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from data import Brief, Case, Rule, Rulebook
from data.media.images import open_image
from rl.desk.shown import ToolError

if TYPE_CHECKING:
    from PIL import Image

Item = TypeVar("Item")
Search = Callable[[str], Sequence[Rule]]
"""From a query to the rules that may matter to it, the likeliest first."""


@dataclass(frozen=True)
class Material:
    """One case, and the rules that may count for it."""

    brief: Brief
    book: Rulebook
    """All that may be looked up: the whole book where the excerpt was retrieved from it; where the case names its
    rules, those alone, since no other counts."""
    search: Search
    picture_side: int = 448
    """Pixels that the longer side of what is zoomed into is scaled to."""

    @property
    def case(self) -> Case:
        return self.brief.case

    def picture(self, image: int) -> "Image.Image":
        """A picture of the case, in the largest version that it has.

        Raises:
            ToolError: there is none of that number.
            DataError: its file cannot be read.
        """
        files = self.case.originals or self.case.images
        return open_image(self.case.path(_at(files, image, "image")), self.case.id)

    def frame(self, frame: int) -> "Image.Image":
        """A frame of the case.

        Raises:
            ToolError: there is none of that number.
            DataError: its file cannot be read.
        """
        return open_image(self.case.path(_at(self.case.frames, frame, "frame").path), self.case.id)

    def scaled(self, image: "Image.Image") -> "Image.Image":
        """An image whose longer side is as long as it is to be shown; never larger than four times its own."""
        from PIL import Image

        scale = min(self.picture_side / max(image.size), 4.0)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        return image.resize(size, Image.Resampling.LANCZOS)


def _at(items: Sequence[Item], place: int, noun: str) -> Item:
    if not 0 <= place < len(items):
        known = f"there are {len(items)}, counted from 0" if items else "there is none"
        raise ToolError(f"there is no {noun} {place}: {known}")
    return items[place]


def stretch(start: float, end: float) -> tuple[float, float]:
    """From when to when.

    Raises:
        ToolError: it is none.
    """
    if not 0 <= start <= end:
        raise ToolError("the start must not lie behind the end, nor below 0; both are seconds")
    return start, end
