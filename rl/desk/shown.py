"""Shown: what a tool gives back, before it is made safe and counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from data.evidence import Region

if TYPE_CHECKING:
    from PIL import Image


class ToolError(ValueError):
    """What a tool answers where it cannot do what it is asked; its text is for the model."""


def writable(text: str) -> str:
    """A text that can be written to a file: halves of surrogate pairs are no characters."""
    return text.encode("utf-8", "replace").decode()


@dataclass(frozen=True)
class Shown:
    """Texts and pictures, in the order in which they are shown, and which parts of the case and the book they are.

    Texts are content: they are neutralised, and their further lines indented, before a model reads them.
    """

    items: "tuple[str | Image.Image, ...]"
    rules: Mapping[str, str] = field(default_factory=dict)
    """The rules whose whole wording is shown: from their ids to the text that holds it."""
    regions: tuple[Region, ...] = ()
    interval: tuple[float, float] | None = None
    source: str | None = None
    """The text field, ``transcript`` or ``page`` that is read from."""
    section: int | None = None
