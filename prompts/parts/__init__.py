"""Parts: what messages are made of. A text, or a piece of a medium: a picture, a video frame at its time, a sound.

Each medium has one file, which alone knows how a piece of it is found in a case, opened, encoded and counted. Another
medium is another file, with a class that offers what `Medium` says, a place in `MEDIA` and one in the templates.
"""

from collections.abc import Callable
from typing import Any

from data import Case
from prompts.parts.frame import TimedFrame
from prompts.parts.part import Medium, Part
from prompts.parts.picture import Picture
from prompts.parts.sound import SoundPicture
from prompts.parts.text import Text
from prompts.parts.view import View

__all__ = ["MEDIA", "READERS", "Medium", "Part", "Picture", "SoundPicture", "Text", "TimedFrame", "View", "media_of"]

MEDIA: tuple[type[Medium], ...] = (Picture, TimedFrame, SoundPicture)
"""Every medium, in the order in which a case's are shown."""

READERS: dict[str, Callable[[str, str | None], Any]] = {medium.row_column: medium.read for medium in MEDIA}
"""By the column of a TRL row that payloads of a medium stand in: what reads one from its path, for a case that errors
name."""


def media_of(case: Case) -> tuple[Medium, ...]:
    """All that a case holds beside text, as parts."""
    return tuple(part for medium in MEDIA for part in medium.of(case))
