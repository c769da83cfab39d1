"""Finding a quote in a text, whatever the writing: after NFKC, case folding and whitespace collapse, and with plain
quotation marks and dashes for those that word processors put in their place.

Format characters (zero-width, bidi controls, soft hyphens) are dropped on both sides, so that an advertiser cannot
hide words from the check by sprinkling them in. Nor by making it slow: the time is linear in the text, whatever the
text, but for the sorting of its combining marks.

A quote may begin and end within a word, but not within a number: "5 dollars" does not stand in "15 dollars".
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby, islice

_PLAIN = str.maketrans("‘’ʼ‛“”„‟‐‑‒–—−", "''''" + '"' * 4 + "-" * 6)

_DIGITS, _BEFORE, _BEHIND = re.compile(r"\d+"), re.compile(r"\d[.,]?\Z"), re.compile(r"[.,]?\d")
"""A number goes on over a point or a comma between digits."""

Span = tuple[int, int]
"""Start and end, in characters, end exclusive."""


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """The form in which quotes and texts are compared.

    Example:
        >>> fold("  Cures   DIABETES ＮＯＷ")
        'cures diabetes now'
    """
    if text.isascii():
        return " ".join(text.casefold().split())
    return " ".join("".join(map(_fold_cluster, _clusters(text))).split())


def find_quote(quote: str, text: str) -> Span | None:
    """The span of the quote's first occurrence in the text, as positions in the text as it stands; None if absent.

    Example:
        >>> find_quote("cures diabetes", "It CURES  Diabetes.")
        (3, 18)
        >>> find_quote(" ", "any text") is None
        True
    """
    wanted = fold(quote)
    start = next(_starts(wanted, fold(text)), None)
    if start is None:
        return None
    places = _places(text)
    return places[start][0], places[start + len(wanted) - 1][1]


@lru_cache(maxsize=4096)
def occurrences(quote: str, text: str, limit: int = 16) -> tuple[Span, ...]:
    """Where the quote stands in the *folded* text: every span, overlapping ones too, up to a limit."""
    wanted = fold(quote)
    return tuple((start, start + len(wanted)) for start in islice(_starts(wanted, fold(text)), limit))


def _starts(wanted: str, folded: str) -> Iterator[int]:
    """Where it begins, overlapping itself or not, with its first and last numbers whole."""
    start = folded.find(wanted) if wanted else -1
    while start >= 0:
        end, behind = start + len(wanted), start + 1
        if wanted[0].isdecimal() and _BEFORE.search(folded, max(0, start - 2), start):
            behind = _DIGITS.match(folded, start).end()  # type: ignore[union-attr]  # within a run of digits, all are
        elif not (wanted[-1].isdecimal() and _BEHIND.match(folded, end)):
            yield start
        start = folded.find(wanted, behind)


@lru_cache(maxsize=256)
def _places(text: str) -> list[Span]:
    """For each character of the folded text, the span in the original that it comes from."""
    places: list[Span] = []
    gap: Span | None = None
    at = 0
    for cluster in _clusters(text):
        here = (at, at + len(cluster))
        at += len(cluster)
        for character in _fold_cluster(cluster):
            if character.isspace():
                gap = gap or here
                continue
            if gap and places:
                places.append(gap)
            gap = None
            places.append(here)
    return places


def _clusters(text: str) -> list[str]:
    """The text in pieces that normalise independently of one another."""
    clusters: list[str] = []
    for join, run in groupby(text, _joins):
        if join:
            clusters[-1:] = ["".join([*clusters[-1:], *run])]
        else:
            clusters += run
    return clusters


@lru_cache(maxsize=8192)
def _joins(character: str) -> bool:
    """Whether normalisation may merge the character with the one before it. A format character goes along, so that it
    cannot keep an accent from its letter.
    """
    if character.isascii():
        return False
    if unicodedata.category(character) == "Cf":
        return True
    first = unicodedata.normalize("NFKD", character)[0]
    return unicodedata.combining(first) != 0 or "\u1160" <= first <= "\u11ff"


@lru_cache(maxsize=8192)
def _fold_cluster(cluster: str) -> str:
    visible = "".join(c for c in cluster if unicodedata.category(c) != "Cf")
    return _nfkc(_nfkc(visible).casefold()).translate(_PLAIN)


def _nfkc(text: str) -> str:
    """NFKC in time that grows with the text as sorting does: combining marks are put into their order beforehand,
    because Python's own normalisation sorts them by insertion.
    """
    if len(text) < 2:  # the usual case, kept quick
        return unicodedata.normalize("NFKC", text)
    decomposed = "".join(unicodedata.normalize("NFKD", character) for character in text)
    runs = groupby(decomposed, key=lambda character: unicodedata.combining(character) > 0)
    ordered = "".join("".join(sorted(run, key=unicodedata.combining) if marks else run) for marks, run in runs)
    return unicodedata.normalize("NFKC", ordered)
