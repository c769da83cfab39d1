"""Respelling: whether an edit leaves words that break a rule standing, only spelt otherwise.

`cures diabetes` stands in `cures dibetes`, `cυres diabetes` and `cu-res diabetes`: people read it there, and a model
that reviews the ad may not. So such an edit mends nothing, whoever approves the ad with it. Meaning is not looked at:
two words that differ by a letter are one here, and so gold's own edits count as they are.
"""

import unicodedata
from functools import lru_cache

from data.change import guilty
from data.fix import Change, Fix, fix
from data.gold import Gold
from data.quotes import fold

LETTERS_A_SLIP, MOST_SLIPS = 5, 8
"""A word that differs by one letter is the same one; a longer one, by one more for each so many that it has."""
SHORT = 3
"""Of words with fewer letters, one letter is too much."""
_END_OF_ALPHABETS = "\u0590"
"""Up to here a letter is a sound of a word; behind it, it may be all of one."""


def respelt(found: Fix, gold: Gold) -> str | None:
    """What an edit makes of words that gold would have changed, where it only spells them otherwise; None where none
    does.

    Example:
        >>> from data import Case, TextEdit
        >>> gold = Gold.model_validate({"verdict": "reject", "edits": [{"field": "body", "old": "cures diabetes"}]})
        >>> ad = Case(id="1", text={"body": "It cures diabetes."})
        >>> news = ("cures dibetes", "c u r e s diabetes", "сures diabetes", "is good for you")
        >>> [respelt(fix(ad, [TextEdit(field="body", old="cures diabetes", new=new)]), gold) for new in news]
        ['dibetes', 'c u r e s', 'сures', None]
    """
    may_go = guilty(found.before, gold)
    of_gold = {(one.edit.field, one.span, one.new) for one in fix(found.before, gold.edits or []).changes}
    for change in found.changes:
        text = found.before.text[change.edit.field]
        start, end = _words_around(text, change)
        touches = any(start < stop and first < end for first, stop in may_go.get(change.edit.field, []))
        if touches and (change.edit.field, change.span, change.new) not in of_gold:
            new = text[start : change.span[0]] + change.new + text[change.span[1] : end]
            if _reads_as(new, text[start:end]):
                return new.strip()
    return None


def _words_around(text: str, change: Change) -> tuple[int, int]:
    """The span of a change, with the words whole that it begins or ends within."""
    start, end = change.span
    within = text[max(0, start - 1) : start].isalnum() and text[end : end + 1].isalnum()
    if not within and not any(map(str.isalnum, text[start:end] + change.new)):
        return start, end  # fewer exclamation marks are a mending
    if within or text[start : start + 1].isalnum() or change.new[:1].isalnum():
        while start and text[start - 1].isalnum():
            start -= 1
    if within or text[max(0, end - 1) : end].isalnum() or change.new[-1:].isalnum():
        while text[end : end + 1].isalnum():
            end += 1
    return start, end


def _reads_as(new: str, old: str) -> bool:
    """Whether the new words are the old ones, spelt otherwise."""
    was, now = old.split(), new.split()
    pairs = zip(was, now, strict=True) if len(was) == len(now) else [(old, new)]
    changed = [(_letters(a), _letters(b)) for a, b in pairs if fold(a) != fold(b)]
    return bool(changed) and all(_is_slip(a, b) for a, b in changed)


def _letters(words: str) -> str:
    return "".join(filter(str.isalnum, fold(words)))


def _is_slip(old: str, new: str) -> bool:
    """Whether the letters of some words differ by no more than a slip of the pen, or not at all."""
    if old == new:
        return bool(old)
    if len(old) < SHORT or not all(letter.isalpha() and letter < _END_OF_ALPHABETS for letter in old):
        return False  # another number is another claim, and so may be another sign of those that are words
    return _slips(old, new, min(MOST_SLIPS, 1 + len(old) // LETTERS_A_SLIP))


def _slips(old: str, new: str, most: int) -> bool:
    """Whether at most so many letters were put in, left out or changed; only that near the diagonal is looked at."""
    far = most + 1
    row = {at: at for at in range(far)}
    for place, letter in enumerate(old, start=1):
        after: dict[int, int] = {}
        for at in range(max(0, place - most), min(len(new), place + most) + 1):
            changed = row.get(at - 1, far) + _differ(letter, new[at - 1]) if at else place
            after[at] = min(changed, row.get(at, far) + 1, after.get(at - 1, far) + 1)
        row = after
    return row.get(len(new), far) <= most


@lru_cache(maxsize=8192)
def _differ(one: str, other: str) -> bool:
    """Whether one letter does not look like the other. What is of another script, or a digit, was taken because it
    does."""
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in (one, other)}
    return one != other and len(scripts) == 1
