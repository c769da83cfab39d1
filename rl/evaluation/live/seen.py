"""Seen: what a prediction on a window of a stream adds to the stream's alarms."""

from pydantic import BaseModel, ConfigDict

from data import Brief, Ruling
from data.windows import Sighting, Span
from data.windows.cut import DIGITS
from data.windows.gold import says_when
from rl.evaluation.live.events import Event, events_of
from rl.generation.watching import sighted


class Seen(BaseModel):
    """A window of a stream, what a ruling finds in it, and what gold says begins in it; seconds of the stream."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    stream: str
    start: float
    end: float
    fresh: float
    """Seconds at its end that no earlier window shows."""
    found: list[Sighting] | None
    """None where there is no ruling to be relied on."""
    events: list[Event] | None
    """None where gold does not tell."""

    @classmethod
    def of(cls, ruling: Ruling | None, window: Brief, reasoned: bool = True) -> "Seen | None":
        """What a ruling makes of a window; None of a case that is none. Events are those of the window's own gold, as
        long as nobody knows that of the whole stream.

        Args:
            reasoned: whether its reasoning is in our form, so that it can contradict the answer.
        """
        shown = window.case.window
        if shown is None:
            return None
        return cls(
            stream=shown.stream,
            start=shown.start,
            end=round(shown.end, DIGITS),
            fresh=shown.fresh,
            found=sighted(ruling, window, reasoned),
            events=events_of(window) if window.gold is not None and says_when(window.gold) else None,
        )

    def span(self, number: int) -> Span:
        """The window as one of a stream, counted from 0."""
        return Span(number, self.start, self.end, self.fresh)
