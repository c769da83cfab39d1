"""RateLimit: how fast a server may be asked, as it says itself.

A server tells how many requests and tokens are left, and when there will be more (``x-ratelimit-remaining-requests``,
``x-ratelimit-reset-requests``, the same for tokens, ``anthropic-ratelimit-…``), or how long to wait (``Retry-After``).
While plenty is left nothing is held back; with less left than requests are under way, the next ones are spread over
the time until there is more. A server that has had enough (429) is asked nothing at all until it said it may be.
"""

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

PATIENCE = 300.0
"""Seconds without any answer after which a limit is taken not to let up: several times a limit per minute."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Seconds, doubling, where a busy server does not say how long to wait."""
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PREFIXES = ("x-ratelimit", "anthropic-ratelimit", "ratelimit")


@dataclass
class RateLimit:
    """When the next request may be sent. All requests to a server share one."""

    concurrency: int
    """Requests under way at a time."""
    now: Callable[[], float] = time.monotonic
    answered_at: float = field(init=False)
    """When something was last answered; at first, when this was made."""
    _next: float = field(default=-math.inf, init=False)
    _gap: float = field(default=0.0, init=False)
    _waits: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.answered_at = self.now()

    def turn(self) -> float:
        """Seconds until a request may be sent; 0 takes the turn. Who has waited asks again: there may be a new limit,
        or another that was faster.
        """
        now = self.now()
        if now < self._next:
            return self._next - now
        self._next = now + self._gap
        return 0.0

    def answered(self, headers: Mapping[str, str], tokens: int | None = None) -> None:
        """Heeds what an answer says of what is left.

        Args:
            tokens: that the request took, prompt and completion.
        """
        self._waits, self.answered_at, self._gap = 0, self.now(), 0.0
        for kind, one in (("requests", 1), ("tokens", tokens or 1)):
            left, reset = _number(_header(headers, "remaining", kind)), seconds(_header(headers, "reset", kind))
            if left is None or reset is None:
                continue
            requests = left // max(1, one)
            if requests < 1:
                self._next = max(self._next, self.now() + reset)
            elif requests < self.concurrency:
                self._gap = max(self._gap, reset / requests)

    def limited(self, headers: Mapping[str, str]) -> float:
        """Holds everything back after a 429; seconds until the next request."""
        asked = [seconds(headers.get("retry-after"))]
        milliseconds = _number(headers.get("retry-after-ms"))
        asked += [None if milliseconds is None else milliseconds / 1000]
        asked += [
            seconds(_header(headers, "reset", kind))
            for kind in ("requests", "tokens")
            if _number(_header(headers, "remaining", kind)) == 0
        ]
        told = [wait for wait in asked if wait is not None]
        wait = max(told) if told else min(LONGEST_WAIT, FIRST_WAIT * 2**self._waits)
        if self.now() >= self._next:  # several requests under way are turned down at once: that is one refusal
            self._waits += 1
        self._next = max(self._next, self.now() + wait)
        return wait


def seconds(text: str | None) -> float | None:
    """A wait as servers write it: seconds, ``1m30s``, ``250ms``, or a date; None where it is none.

    Example:
        >>> seconds("1m30s"), seconds("250ms"), seconds("7"), seconds("soon")
        (90.0, 0.25, 7.0, None)
    """
    if text is None:
        return None
    number = _number(text)
    if number is not None:
        number = number / 1000 if number > 1e11 else number  # a point in time may be given in milliseconds
        wait = number - time.time() if number > 1e9 else number  # in seconds since 1970
        return max(0.0, wait)
    if re.fullmatch(r"(\d+(\.\d+)?(ms|s|m|h|d))+", text.strip()):
        return sum(float(n) * _UNITS[unit] for n, unit in re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", text))
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            at = read(text.strip())
        except (ValueError, TypeError, OverflowError):
            continue
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return max(0.0, (at - datetime.now(UTC)).total_seconds())
    return None


def _header(headers: Mapping[str, str], what: str, kind: str) -> str | None:
    names = [f"{prefix}-{what}-{kind}" for prefix in _PREFIXES] + [f"anthropic-ratelimit-{kind}-{what}"]
    return next((value for name in names if (value := headers.get(name)) is not None), None)


def _number(text: str | None) -> float | None:
    try:
        found = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return found if math.isfinite(found) else None
