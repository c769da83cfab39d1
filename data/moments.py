"""Moments: from when to when a recording shows or says what evidence cites, and what else is shown and said then."""

from data.case import Case
from data.evidence import Evidence, Interval, Quote
from data.transcript import TRANSCRIPT

Seconds = tuple[float, float]
"""From when to when."""


def seconds_of(item: Evidence, case: Case) -> Seconds | None:
    """From when to when that is which evidence cites: of an interval itself, of words of the transcript the lines that
    they stand in, of a region the moment of its frame; None where nobody knows, or there is no such thing.

    Example:
        >>> case = Case(id="1", transcript=[{"start": 1, "end": 3, "text": "It cures"}, {"start": 3, "end": 4, "text":
        ...     "all."}])
        >>> seconds_of(Quote(quote="cures all", field="transcript"), case)
        (1.0, 4.0)
    """
    if isinstance(item, Interval):
        return item.interval
    if isinstance(item, Quote):
        said = [case.transcript[at].seconds for at in lines_of(item, case)]
        known = [seconds for seconds in said if seconds is not None]
        return (min(start for start, _ in known), max(end for _, end in known)) if known else None
    if item.frame is None or item.frame >= len(case.frames):
        return None
    return case.frames[item.frame].time, case.frames[item.frame].time


def lines_of(quote: Quote, case: Case) -> list[int]:
    """The lines of the transcript that a quote's words stand in, by number; none where it is of another field, or does
    not stand there."""
    span = case.find(quote) if quote.field == TRANSCRIPT else None
    if span is None:
        return []
    lines, begin = [], 0
    for at, line in enumerate(case.transcript):
        if begin < span[1] and span[0] < begin + len(line.text):
            lines.append(at)
        begin += len(line.text) + 1
    return lines


def lines_in(seconds: Seconds, case: Case) -> list[int]:
    """The lines of the transcript of which some is said within these seconds, by number."""
    return [at for at, line in enumerate(case.transcript) if line.seconds and _meet(line.seconds, seconds)]


def frames_in(seconds: Seconds, case: Case) -> list[int]:
    """The frames that are shown within these seconds, by number."""
    return [at for at, frame in enumerate(case.frames) if _meet((frame.time, frame.time), seconds)]


def _meet(a: Seconds, b: Seconds) -> bool:
    """Whether stretches have more in common than an end; a single moment may stand at one."""
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return shared > 0 or (shared == 0 and (a[0] == a[1] or b[0] == b[1]))
