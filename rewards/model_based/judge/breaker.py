"""CircuitBreaker: stops asking a server that does not answer, so that a dead one costs a step no waiting."""

import time
from collections.abc import Callable


class CircuitOpen(Exception):
    """The server failed too often lately and was not asked."""


class CircuitBreaker:
    """Opens after failures in a row, and lets calls through again after a pause; then one failure opens it anew.

    Source: Nygard, Release It! (2007), "Circuit Breaker".

    Example:
        >>> breaker = CircuitBreaker(failures=2, pause=30)
        >>> breaker.failed("refused"); breaker.check(); breaker.failed("refused")
        >>> try:
        ...     breaker.check()
        ... except CircuitOpen as refusal:
        ...     print(refusal)
        not asked for 30 s: 2 calls in a row failed, the last with: refused
    """

    def __init__(self, failures: int, pause: float, clock: Callable[[], float] = time.monotonic):
        """
        Args:
            failures: how many in a row open it.
            pause: seconds that it stays open.
            clock: tells the time, in seconds.
        """
        self._most = failures
        self._pause = pause
        self._clock = clock
        self._failures = 0
        self._opened: float | None = None
        self._last = ""

    def check(self) -> None:
        """Returns where a call may be made.

        Raises:
            CircuitOpen: not now.
        """
        if self._opened is None:
            return
        if self._clock() - self._opened < self._pause:
            raise CircuitOpen(
                f"not asked for {self._pause:g} s: {self._failures} calls in a row failed, the last with: {self._last}"
            )
        self._opened = None  # half open: the count stands, so that the next failure opens it again

    def succeeded(self) -> None:
        """A call was answered."""
        self._failures = 0
        self._opened = None

    def failed(self, error: str) -> None:
        """A call was not answered."""
        self._failures += 1
        self._last = error
        if self._failures >= self._most:
            self._opened = self._clock()
