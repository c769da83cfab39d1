"""SoundPicture: the sound of a case as a picture, for models with eyes only.

What it shows, and how it is drawn, is known in `data.media.audio.sound_picture`; a case has it where it was prepared
so. Evidence for what is heard is an interval, which is read off its axis of seconds.
"""

from dataclasses import dataclass
from typing import ClassVar

from data import Case
from prompts.parts.picture import Picture, absolute


@dataclass(frozen=True)
class SoundPicture(Picture):
    """A picture of loudness by pitch over time. Models read it as any other; the text before it says what it is."""

    case_field: ClassVar[str] = "sound"

    @classmethod
    def of(cls, case: Case) -> "tuple[SoundPicture, ...]":
        """The case's one, if it has any; its path absolute."""
        return (cls(absolute(case, case.sound), "sound 0", case.id),) if case.sound is not None else ()

    @property
    def label(self) -> str:
        """What is seen: ``sound 0, low tones below, over seconds``."""
        return f"{self.name}, low tones below, over seconds"
