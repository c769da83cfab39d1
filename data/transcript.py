"""Transcript: what is said in a recording, line by line, and how sure speech recognition was of it.

Recognition mishears. A quote may therefore differ from the transcript, but only in words that recognition was unsure
of, only a little, and never in a number: `as_heard` finds the transcript's own words for it.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator
from rapidfuzz.distance import Levenshtein

from data.evidence import Seconds, Unit
from data.quotes import find_quote, fold

TRANSCRIPT = "transcript"
"""The field name under which a quote from the transcript is cited."""
UNSURE = 0.6
"""Below this confidence a word may have been misheard."""
ALIKE, SHORTEST = 0.75, 4
"""How alike a misheard word and what it is taken for must be (1 - edits / letters), and the fewest letters of either:
shorter ones (`not`, `now`, `can`) turn into one another too easily."""

_EDGES = " \t\n.,;:!?…\"'()[]«»¿¡"
LANGUAGES = ("en", "de", "nl", "fr", "es", "pt", "it")
"""Those whose number words are known."""
_NUMBERS = re.compile(  # stems of number words; one that stands in another word, too, only makes matching stricter
    r"two|three|four|five|seven|eight|nine|teen|twent|thirt|fort[iy]|fift|sixt|hundred|thousand|illion|half|quarter|"
    r"dozen|percent|^(?:one|six|ten|[ivxlcdm]+)$|"
    r"eins|zwei|zwan|zwo|drei|vier|f[üu]e?nf|sech|sieb|acht|neun|zehn|zwölf|hundert|tausend|^(?:ein\w{0,2}|elf)$|"
    r"twaalf|zeven|negen|tien|tig$|honderd|duizend|dertig|veertig|vijf|^(?:een|twee|drie|zes|acht)$|"
    r"deux|trois|quatr|cinq|huit|neuf|onze|douz|treiz|quinz|seiz|vingt|trent|quarant|soixant|cent|mille|^(?:une?|dix)$|"
    r"tres|cuatr|cinco|siete|ocho|nueve|diez|doce|trece|catorce|quince|veint|treint|cuarent|cincuent|sesent|setent|"
    r"ochent|novent|cien|^(?:mil|un[ao]?|dos|seis|once)$|"
    r"dois|duas|três|quatro|sete|oito|nove|doze|vinte|trinta|cinquent|sessent|oitent|^dez$|"
    r"sett|otto|dieci|dodic|tredic|quattordic|quindic|sedic|undic|venti|sessant|settant|ottant|novant|^(?:due|tre|sei)$"
)
_LATIN = re.compile(r"[^\W\d_]+", re.UNICODE)


class Word(BaseModel):
    """A word as it was heard, times in seconds."""

    model_config = ConfigDict(extra="forbid")

    start: Seconds
    end: Seconds
    text: str
    confidence: Unit | None = None


class Line(BaseModel):
    """A line of the transcript, times in seconds."""

    model_config = ConfigDict(extra="forbid")

    start: Seconds | None = None
    end: Seconds | None = None
    """None, as is `start`, where nobody took the time: it is then known what is said, and not when."""
    text: str
    confidence: Unit | None = None
    """How sure speech recognition was, 0..1; None where people wrote the line, which is then taken at its word."""
    words: list[Word] = Field(default_factory=list)
    """The words that ``text`` consists of, in its order, where they are known singly."""

    @property
    def seconds(self) -> tuple[float, float] | None:
        """From when to when it is said, where that is known."""
        return None if self.start is None or self.end is None else (self.start, self.end)

    @model_validator(mode="after")
    def _timed_whole(self) -> "Line":
        if (self.start is None) != (self.end is None):
            raise ValueError("give both 'start' and 'end', or neither")
        return self

    @model_validator(mode="after")
    def _said_in_words(self) -> "Line":
        if self.words and " ".join(w.text for w in self.words).split() != self.text.split():
            raise ValueError("'words' are not those of 'text': give both alike, or leave 'words' out")
        return self


class _Heard(NamedTuple):
    shown: str
    """As it stands in the transcript."""
    folded: str
    unsure: bool


def as_heard(quote: str, lines: Sequence[Line], lang: str | None = None) -> str | None:
    """The words of the transcript that a quote means, as they stand there; None if it does not stand there.

    Where the quote itself does, that is the answer. Else as many words in a row, at least half of them the quote's
    own, the others (of a quote of one word, this one) misheard: recognition was unsure of them (`UNSURE`), they are
    `ALIKE`, in Latin letters, and none is or holds a number, in digits or in words.

    Args:
        lang: the language, such as ``en`` or ``pt-BR``; in one whose numbers are not known (`LANGUAGES`), every word
            must stand there.

    Example:
        >>> lines = [Line(start=0, end=2, text="It cures diabetis in fifty days.", confidence=0.4)]
        >>> as_heard("cures diabetes", lines)
        'cures diabetis'
        >>> as_heard("in fifteen days", lines) is None
        True
    """
    text = "\n".join(line.text for line in lines)
    if find_quote(quote, text) is not None:
        return quote
    known = lang is None or lang.lower()[:2] in LANGUAGES
    if not known or not any(_is_unsure(part) for line in lines for part in _parts(line)):
        return None
    wanted = tuple(_plain(word) for word in quote.split())
    return _nearest(wanted, tuple(_heard(lines))) if any(wanted) else None


@lru_cache(maxsize=1024)
def _nearest(wanted: tuple[str, ...], heard: tuple[_Heard, ...]) -> str | None:
    count = len(wanted)
    best, place = max(1, count // 2) + 1, -1
    for at in range(len(heard) - count + 1):
        changed = 0
        for said, word in zip(wanted, heard[at : at + count], strict=True):
            if said != word.folded:
                changed += 1 if _misheard(said, word) else best
                if changed >= best:
                    break
        else:
            best, place = changed, at
    return None if place < 0 else " ".join(word.shown for word in heard[place : place + count])


def _heard(lines: Sequence[Line]) -> Iterator[_Heard]:
    for line in lines:
        for part in _parts(line):
            for shown in part.text.split():
                yield _Heard(shown, _plain(shown), _is_unsure(part))


def _parts(line: Line) -> Sequence[Line | Word]:
    """The pieces of a line whose confidence is known singly."""
    return line.words or [line]


def _is_unsure(part: Line | Word) -> bool:
    return part.confidence is not None and part.confidence < UNSURE


def _misheard(said: str, word: _Heard) -> bool:
    if not word.unsure or min(len(said), len(word.folded)) < SHORTEST:
        return False
    return not (_is_strict(said) or _is_strict(word.folded)) and _alike(said, word.folded)


@lru_cache(maxsize=8192)
def _is_strict(word: str) -> bool:
    """Whether a word must be right to the letter: it is a number or holds one, or is not written in Latin letters, of
    which alone it is known what numbers are called."""
    letters = "".join(_LATIN.findall(word))
    latin = all(unicodedata.name(letter, "").startswith("LATIN ") for letter in letters)
    return not latin or any(_has_value(c) for c in word) or _NUMBERS.search(word) is not None


def _has_value(character: str) -> bool:
    return unicodedata.numeric(character, None) is not None


@lru_cache(maxsize=8192)
def _alike(said: str, heard: str) -> bool:
    return Levenshtein.normalized_similarity(said, heard) >= ALIKE


@lru_cache(maxsize=8192)
def _plain(word: str) -> str:
    return fold(word).strip(_EDGES)
