"""Pace: how long one item takes, by how long the last ones took."""

from collections import deque

WINDOW = 50
"""How many marks the pace is taken from."""


class Pace:
    """Told now and then how many items are done, says how long each takes.

    The first item warms up caches and takes longer than the rest: it counts only while it is the only one.
    """

    def __init__(self) -> None:
        self._marks: deque[tuple[float, float]] = deque(maxlen=WINDOW + 1)
        self._warm = False

    def mark(self, done: float, now: float) -> None:
        """So many items are done at this time, in seconds; the first mark is where they begin."""
        self._marks.append((done, now))
        if len(self._marks) == 3 and not self._warm:
            self._marks.popleft()
            self._warm = True

    @property
    def seconds(self) -> float | None:
        """What one item takes; None while none is done."""
        if len(self._marks) < 2:
            return None
        (done, then), (more, now) = self._marks[0], self._marks[-1]
        return (now - then) / (more - done) if more > done else None

    def left(self, total: float, now: float) -> float | None:
        """The seconds until so many are done; None where that cannot be told."""
        if self.seconds is None:
            return None
        done, then = self._marks[-1]
        return max(0.0, (total - done) * self.seconds - (now - then))
