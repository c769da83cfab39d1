"""Memory: what the windows of a stream have found so far, as far as the next window is told of it.

What a window finds goes on from what the one before it found of the same rule, if no more than a window's stride lies
between: then it is one sighting. In training the findings may be gold's or the policy's own; live they are its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from data.case import Case
from data.evidence import Evidence
from data.moments import seconds_of
from data.rulebook import Rulebook
from data.ruling import Violation
from data.window import Earlier
from data.windows.settings import ROUNDING, Span, WindowSettings

DIGITS = 2
"""Of the seconds in prompts."""


@dataclass(frozen=True)
class Sighting:
    """A rule that was found broken, from when to when, in seconds since the stream began."""

    rule: str
    start: float
    end: float


class Memory:
    """The latest sightings, no more than the settings say.

    Example:
        >>> memory = Memory(WindowSettings(seconds=4, every=4))
        >>> for number in (0, 1):
        ...     memory.add([Sighting("GUN-1", 4 * number + 1, 4 * number + 4)])
        >>> memory.before(WindowSettings().span(3))
        [Earlier(rule='GUN-1', start=-11.0, end=-4.0)]
    """

    def __init__(self, settings: WindowSettings):
        self.settings = settings
        self._sightings: list[Sighting] = []

    def add(self, found: Iterable[Sighting]) -> None:
        """What the next window found."""
        for sighting in found:
            for place, known in enumerate(self._sightings):
                if known.rule == sighting.rule and sighting.start <= known.end + self.settings.every + ROUNDING:
                    start, end = min(known.start, sighting.start), max(known.end, sighting.end)
                    self._sightings[place] = Sighting(known.rule, start, end)
                    break
            else:
                self._sightings.append(sighting)
        latest = sorted(self._sightings, key=lambda one: (one.end, one.start))
        self._sightings = latest[len(latest) - min(len(latest), self.settings.remember) :]

    def before(self, span: Span) -> list[Earlier]:
        """What a window is told, in seconds of its own clock."""
        return [
            Earlier(
                rule=one.rule, start=round(one.start - span.start, DIGITS), end=round(one.end - span.start, DIGITS)
            )
            for one in self._sightings
        ]


def sightings(violations: Iterable[Violation], case: Case, excerpt: Rulebook) -> list[Sighting]:
    """What a ruling on a window found, one sighting for each rule; rules that the excerpt has not are none.

    Args:
        violations: what it cites, in seconds of the window's clock.
        case: the window.
    """
    assert case.window is not None
    found: dict[str, Sighting] = {}
    for violation in violations:
        if violation.rule not in excerpt:
            continue
        start, end = when(violation.evidence, case)
        start, end = start + case.window.start, end + case.window.start
        if (known := found.get(violation.rule)) is not None:
            start, end = min(start, known.start), max(end, known.end)
        found[violation.rule] = Sighting(violation.rule, start, end)
    return list(found.values())


def when(evidence: Sequence[Evidence], case: Case) -> tuple[float, float]:
    """From when to when evidence shows a window's violation, in seconds of its clock and within it; all of the window
    where that cannot be told.
    """
    assert case.window is not None
    length = case.window.length
    times = [time for item in evidence for time in seconds_of(item, case) or ()]
    if not times:
        return 0.0, length
    return min(max(0.0, min(times)), length), min(max(times), length)
