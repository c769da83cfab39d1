"""TimedFrame: a frame of a video, which is a picture at a time."""

from dataclasses import dataclass, field
from typing import ClassVar

from data import Case
from prompts.parts.picture import Picture, absolute


@dataclass(frozen=True)
class TimedFrame(Picture):
    """A picture at a time. Models read it as any other; the text before it says when it was seen."""

    time: float = field(kw_only=True)
    """Seconds since the video began."""

    case_field: ClassVar[str] = "frames"

    @classmethod
    def of(cls, case: Case) -> "tuple[TimedFrame, ...]":
        """The case's frames, their paths absolute."""
        return tuple(
            cls(absolute(case, frame.path), f"frame {i}", case.id, time=frame.time)
            for i, frame in enumerate(case.frames)
        )

    @property
    def label(self) -> str:
        """The name and the time: ``frame 0, at 1.5 s``."""
        return f"{self.name}, at {self.time:g} s"
