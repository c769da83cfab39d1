"""Times and shares in words, short and the same everywhere."""

import re

from rich.filesize import decimal

from data import DataError

MINUTE, HOUR = 60, 3600


def clock(seconds: float) -> str:
    """A time as a clock shows it.

    Example:
        >>> clock(42), clock(190), clock(3730)
        ('0:42', '3:10', '1:02:10')
    """
    whole = round(seconds)
    hours, minutes = whole // HOUR, whole % HOUR // MINUTE
    return f"{hours}:{minutes:02}:{whole % MINUTE:02}" if hours else f"{minutes}:{whole % MINUTE:02}"


def spent(seconds: float) -> str:
    """A time that is over, to the second, or to the minute where it was hours.

    Example:
        >>> spent(0.8), spent(42), spent(312), spent(3730)
        ('0.8 s', '42 s', '5 min 12 s', '1 h 2 min')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"


def about(seconds: float) -> str:
    """A time to come, no more exact than it can be.

    Example:
        >>> about(4), about(38), about(100), about(840), about(5000)
        ('10 seconds', '40 seconds', '2 minutes', '14 minutes', '1 h 23 min')
    """
    if round(seconds, -1) < MINUTE:
        return f"{max(10, round(seconds, -1)):.0f} seconds"
    minutes = round(seconds / MINUTE)
    if minutes < 60:
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    return f"{minutes // 60} h {minutes % 60} min"


def share(part: float) -> str:
    """A share in per cent.

    Example:
        >>> share(0.8125)
        '81 %'
    """
    return f"{part:.0%}".replace("%", " %")


def size(bytes_: int) -> str:
    """An amount of memory.

    Example:
        >>> size(1_430_000_000)
        '1.4 GB'
    """
    return decimal(bytes_)


def bytes_of(text: str) -> int:
    """An amount of memory as people write it.

    Example:
        >>> bytes_of("80GB"), bytes_of("1.5 GiB"), bytes_of("512M")
        (80000000000, 1610612736, 512000000)

    Raises:
        DataError: it is none.
    """
    written = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*([KMGT])(i?)B?\s*", text, re.IGNORECASE | re.ASCII)
    if written is None or not float(written[1]):
        raise DataError(f"want an amount of memory such as 80GB, not {text!r:.40}")
    step = 1024 if written[3] else 1000
    return int(float(written[1]) * step ** (" KMGT".index(written[2].upper())))
