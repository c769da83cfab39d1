"""Schedule: a number of a rubric that changes as training goes on.

Wherever a price or weight may stand, a rubric can give points instead of a number: ``miss: {0: 1, 0.5: 4}`` goes from
1 at the start of the training to 4 half-way through, in a straight line, and stays there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

Place = tuple[str, ...]
"""Where in a rubric's content a number stands: ``("prices", "miss")``."""


@dataclass(frozen=True)
class Schedule:
    """Straight lines between points, and constant before the first and after the last.

    Example:
        >>> schedule = Schedule(((0.25, 0.0), (0.75, 1.0)))
        >>> [schedule.at(progress) for progress in (0, 0.25, 0.5, 1)]
        [0.0, 0.0, 0.5, 1.0]
        >>> str(schedule)
        '0 at 25 %, 1 at 75 %'
    """

    points: tuple[tuple[float, float], ...]
    """Progress, 0..1 and ascending, and the number there."""

    def at(self, progress: float) -> float:
        """The number when this share of the training is done."""
        before = self.points[0]
        for after in self.points:
            if progress <= after[0]:
                width = after[0] - before[0]
                part = (progress - before[0]) / width if width else 1.0
                return before[1] + part * (after[1] - before[1])
            before = after
        return before[1]

    def __str__(self) -> str:
        return ", ".join(f"{value:g} at {progress:.0%}".replace("%", " %") for progress, value in self.points)


def find_schedules(content: Mapping[str, Any]) -> dict[Place, Schedule]:
    """The schedules in a rubric's content.

    Raises:
        ValueError: one is no schedule; names its place.
    """
    return {place: _read(place, points) for place, points in _scheduled(content, ())}


def filled(content: Mapping[str, Any], schedules: Mapping[Place, Schedule], progress: float) -> dict[str, Any]:
    """The content with every schedule replaced by its number."""
    plain = dict(content)
    for place, schedule in schedules.items():
        inner = plain
        for key in place[:-1]:
            inner[key] = inner = dict(inner[key])  # only what changes is copied
        inner[place[-1]] = schedule.at(progress)
    return plain


def _scheduled(content: Mapping[str, Any], place: Place) -> Iterator[tuple[Place, Mapping[Any, Any]]]:
    # Of a reward with settings, only the weight is the rubric's own.
    for key in ["weight"] if "weight" in content else content:
        value = content[key]
        if isinstance(value, dict) and value and all(isinstance(point, int | float) for point in value):
            yield (*place, key), value
        elif isinstance(value, dict):
            yield from _scheduled(value, (*place, key))


def _read(place: Place, points: Mapping[Any, Any]) -> Schedule:
    for progress, value in points.items():
        number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < inf
        if not (0 <= progress <= 1 and number):
            raise ValueError(
                f"{'.'.join(place)}: a schedule's points are PROGRESS: NUMBER, with progress from 0 to 1 "
                f"(got {progress}: {value!r})"
            )
    return Schedule(tuple(sorted((float(progress), float(value)) for progress, value in points.items())))
