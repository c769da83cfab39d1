"""Progress: how many of how many are done, and how long the rest will take, on a line (see `rl.terminal.line`)."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rl.terminal.line import Clock, Fact, Line, Reading
from rl.terminal.pace import Pace
from rl.terminal.quantities import clock


@contextmanager
def counting(
    what: str, total: int, done: int = 0, shown: bool = True, now: Clock = time.monotonic
) -> Iterator[Callable[[int], None]]:
    """Shows how far something is while it is done.

    Args:
        what: what is done, such as ``reviewing``.
        total: of how many.
        done: how many are done already.
        shown: whether to show anything.
        now: the time, in seconds.

    Yields:
        A function to be told how many are done by now.
    """
    pace, start, reached = Pace(), now(), done
    pace.mark(done, start)

    def read() -> Reading:
        if reached < total:
            return Reading(what, reached, total, left=pace.left(total, now()))
        return Reading(what, reached, total, left=0.0, facts=(Fact(f"in {clock(now() - start)}"),))

    with Line(read, shown, now) as line:

        def at(count: int) -> None:
            nonlocal reached
            reached = count
            pace.mark(count, now())
            line.update(at_once=count >= total)

        yield at
