"""Places that a finding names, pictures by their number and stretches of time by both ends, and what it holds."""

import re
from collections.abc import Iterator
from functools import lru_cache

from data import Evidence, Interval, Quote, Region
from data.quotes import fold

_PICTURE = re.compile(
    r"(?<![A-Za-z])(image|picture|frame|图片|图|画面|帧)[\s#(_:（]{0,3}(\d{1,6})(?!\d)", re.IGNORECASE
)
_FRAMES = ("frame", "帧")
_TIME = r"(?:(\d{1,3}):)?(\d{1,7}(?:[.,]\d{1,6})?)"
_UNIT = r"(?:s|sec|seconds?|秒)(?![A-Za-z])"
_TIMES = re.compile(
    rf"((?:from|between)\s{{1,3}})?(?<![\d.,:]){_TIME}\s{{0,3}}(?:{_UNIT})?\s{{0,3}}"
    rf"(?:-|–|—|~|to|and|until|至|到)\s{{0,3}}{_TIME}\s{{0,3}}({_UNIT})?",
    re.IGNORECASE,
)
_CLOSE = 0.011
"""Seconds by which a time may differ from the one that it names: prompts show hundredths."""


def stands_in(item: Evidence, seen: str) -> bool:
    """Whether what a finding sees holds a piece of evidence: a quote's words, the number of a region's picture
    (``image 0``, ``frame 3``), or an interval's two ends (``from 1.5 to 3 s``, ``1:05-1:10``).

    Example:
        >>> quote, interval = Quote(quote="Cures  ALL", field="title"), Interval(interval=(1.5, 3))
        >>> [stands_in(item, 'it says "cures all" from 1.5 to 3 s') for item in (quote, interval)]
        [True, True]
        >>> stands_in(quote, "a cure is promised"), stands_in(interval, "1.5 of 3 stars")
        (False, False)
    """
    if isinstance(item, Quote):
        return _holds(fold(seen), fold(item.quote))
    if isinstance(item, Interval):
        start, end = item.interval
        return any(abs(start - a) <= _CLOSE and abs(end - b) <= _CLOSE for a, b in _times(seen))
    return (("image", item.image) if item.image is not None else ("frame", item.frame)) in _pictures(seen)


def places_in(seen: str) -> Iterator[Evidence]:
    """The pictures, whole, and the stretches of time that a finding names."""
    for kind, index in _pictures(seen):
        yield Region.model_validate({kind: index, "region": (0, 0, 1, 1)})
    for start, end in _times(seen):
        if start <= end:
            yield Interval(interval=(start, end))


def _holds(text: str, words: str) -> bool:
    """Whether a text holds words that are not parts of other words."""
    at = text.find(words)
    while at >= 0:
        end = at + len(words)
        before, after = text[at - 1 : at] if at else "", text[end : end + 1]
        if not (_joins(before) and _joins(words[:1])) and not (_joins(after) and _joins(words[-1:])):
            return True
        at = text.find(words, end)
    return False


def _joins(character: str) -> bool:
    """Whether a character is part of a word that has blanks around it."""
    return character.isascii() and character.isalnum()


@lru_cache(maxsize=1024)
def _pictures(seen: str) -> frozenset[tuple[str, int]]:
    found = _PICTURE.findall(seen)
    return frozenset(("frame" if kind.lower() in _FRAMES else "image", int(index)) for kind, index in found)


@lru_cache(maxsize=1024)
def _times(seen: str) -> tuple[tuple[float, float], ...]:
    """Pairs of times, in seconds: behind ``from`` or ``between``, before a unit, or in minutes and seconds."""
    return tuple(
        (_seconds(m1, s1), _seconds(m2, s2))
        for opened, m1, s1, m2, s2, unit in _TIMES.findall(seen)
        if opened or unit or (m1 and m2)
    )


def _seconds(minutes: str, seconds: str) -> float:
    return 60.0 * int(minutes or 0) + float(seconds.replace(",", "."))
