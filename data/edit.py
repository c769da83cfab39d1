"""Edit: advice that can be followed: what to change in an ad, into what, and why.

Two kinds, told apart by their keys, in rulings and in gold alike:

- ``{"field": "body", "old": "cures diabetes", "new": "", "why": "CURE-1 does not allow it."}``: words of a text field;
  an empty ``new`` takes them out. `data.fix` applies these
- ``{"image": 0, "element": "gun", "new": "", "why": "…"}`` (or ``"frame": 3``): something in a picture, which nobody
  can change by words: it is said, and never applied

Their texts are bounded, because whoever writes them may mean harm.
"""

from typing import Annotated, Union

from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_EDITS = 16
"""How many edits one ruling can have."""
LONGEST_WORDS, LONGEST_WHY = 1000, 300
"""Characters of the words that an edit replaces or puts in, and of its reason."""

Words = Annotated[str, Field(max_length=LONGEST_WORDS)]
Why = Annotated[str, Field(max_length=LONGEST_WHY)]


class TextEdit(BaseModel):
    """Other words for some of a text field's, which must stand in it exactly once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str = Field(min_length=1)
    old: Words = Field(min_length=1)
    new: Words = ""
    """Empty to take the old words out."""
    why: Why = ""
    """One sentence."""


class PictureEdit(BaseModel):
    """Something in an image or a frame that has to go, or to become something else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    image: int | None = Field(default=None, ge=0)
    frame: int | None = Field(default=None, ge=0)
    element: Words = Field(min_length=1)
    """What is seen there: ``gun``."""
    new: Words = ""
    """What to show in its place; empty to leave it out."""
    why: Why = ""
    """One sentence."""

    @model_validator(mode="after")
    def _in_one_picture(self) -> "PictureEdit":
        if (self.image is None) == (self.frame is None):
            raise ValueError("a picture's edit names exactly one of 'image' and 'frame'")
        return self

    @property
    def place(self) -> tuple[str, int]:
        """The picture that it is about: ``("image", 0)``."""
        return ("image", self.image) if self.image is not None else ("frame", self.frame or 0)


# No two have all their required keys in common, so the first that fits is the one.
Edit = Annotated[Union[TextEdit, PictureEdit], Field(union_mode="left_to_right")]
Edits = Annotated[list[Edit], Field(max_length=MOST_EDITS)]
