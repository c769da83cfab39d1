"""Mended: whether Billboard's own judge approves an ad whose words were edited.

The judge reads the text back sentence by sentence. An edit may take away, lower or raise a number that the ad states,
and appeal to the reader where that is all a rule asks. Whatever else it writes was checked by nobody: another claim, a
source that the ad did not have, a word to the reviewer. No ad that says such a thing counts as mended.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from data.billboard.ads import HIDDEN, Ad
from data.billboard.catalogue import catalogue
from data.billboard.edits import COVERED
from data.billboard.judge import verdict
from data.billboard.layouts import Layout
from data.billboard.variants import Variant
from data.case import Case
from data.edit import PictureEdit
from data.fix import Fix
from data.rulebook import Rulebook

PICTURE = "picture"
"""The key of ``meta`` under which a case says what its picture shows; no prompt does."""
Kind = Literal["claim", "quoted", "notice", "number", "other"]
_NOWHERE = Layout(headline_on_top=True, x=0.0, y=0.0, badge_left=True, palette=0)
"""Where things stand in a picture makes no difference to a verdict."""
_REST = re.compile(r"[^.]*\.?")
_BETWEEN = re.compile(r"[\s.]*")


@dataclass(frozen=True)
class Sentence:
    """A sentence as the judge reads it."""

    text: str
    kind: Kind | None
    """None: it is none that a Billboard ad can say."""
    rule: str = ""
    phrase: str = ""


@dataclass(frozen=True)
class Judged:
    """What the judge makes of an ad with its words edited."""

    approved: bool
    unchecked: tuple[str, ...] = ()
    """What it says that it did not say before, and that nobody has checked."""


def picture_facts(ad: Ad) -> dict[str, Any]:
    """What an ad's picture shows, for its ``meta``."""
    return {"shown": COVERED if ad.covered else ad.shown, "badge": ad.badge}


def knows(case: Case, excerpt: Rulebook) -> bool:
    """Whether the judge can judge a case's edits: it is a Billboard ad, and says what its picture shows."""
    facts = case.meta.get(PICTURE)
    known = isinstance(facts, dict) and isinstance(facts.get("shown"), str)
    return known and all(Variant.of(rule) is not None for rule in excerpt.rules)


def judge_fix(found: Fix, excerpt: Rulebook) -> Judged:
    """Judges a fix by the words that it leaves; what it wants gone from the picture counts as gone.

    Args:
        found: of a case that the judge `knows`.
    """
    variants = [variant for rule in excerpt.rules if (variant := Variant.of(rule)) is not None]
    assert len(variants) == len(excerpt.rules), "only ads that the judge knows are put to it"
    before, now = (read(case.text.get("body", "")) for case in (found.before, found.case))
    stated = {one.rule for one in before if one.kind == "number"}
    added = Counter(now) - Counter(before)
    unchecked = [one.text for one in added if not _may_be_said(one, stated)]
    unchecked += [change.new for change in found.changes if change.edit.field != "body"]
    approved = verdict(_ad(found.before, now, found.pictures), variants) == "approve"
    return Judged(approved and not unchecked, tuple(unchecked))


def read(body: str) -> list[Sentence]:
    """The sentences of a body, in order.

    Example:
        >>> [(one.text, one.kind, one.rule) for one in read("70 % off. It heals everything.")]
        [('70 % off.', 'number', 'SALE-1'), ('It heals everything.', None, '')]
    """
    found: list[Sentence] = []
    at = _start(body, 0)
    while at < len(body):
        one = next((one for form in _forms() if (one := form.read(body, at)) is not None), None)
        if one is None:
            rest = _REST.match(body, at)
            assert rest is not None and rest.group(), "a sentence begins with something else than its end"
            one = Sentence(rest.group(), None)
        found.append(one)
        at = _start(body, at + len(one.text))
    return found


@dataclass(frozen=True)
class _Form:
    """A way in which an ad says something."""

    pattern: re.Pattern[str]
    kind: Kind
    rule: str = ""

    def read(self, body: str, at: int) -> Sentence | None:
        """The sentence that begins there, if it has this form and ends where it should."""
        match = self.pattern.match(body, at)
        if match is None or (match.end() < len(body) and not body[match.end()].isspace()):
            return None
        return Sentence(match.group(), self.kind, self.rule, match.groupdict().get("said") or "")


@cache
def _forms() -> tuple[_Form, ...]:
    book, forms = catalogue(), []
    for rule, subject in book.rules.items():
        claim = f"(?P<said>{_any(subject.claims)})" if subject.claims else ""
        if claim:
            forms.append(_Form(re.compile(rf"{claim}\."), "claim", rule))
            for quoting in book.quoted:
                before, behind = map(re.escape, quoting.split("{claim}"))
                forms.append(_Form(re.compile(before + claim + behind), "quoted", rule))
        if subject.near:
            forms.append(_Form(re.compile(rf"(?:{_any(subject.near)})\."), "other"))
        if subject.number:
            before, behind = map(re.escape, subject.number.split("{n}"))
            forms.append(_Form(re.compile(rf"{before}(?P<said>\d{{1,4}}|{HIDDEN}){behind}\."), "number", rule))
        if subject.notice:
            forms.append(_Form(re.compile(re.escape(subject.notice)), "notice", rule))
    forms.append(_Form(re.compile(_any(book.to_reviewer)), "other"))
    for sentence in book.neutral:
        pattern = re.sub(r"\\{\w+\\}", r"\\w+", re.escape(sentence))
        forms.append(_Form(re.compile(pattern), "other"))
    return tuple(forms)


def _any(phrases: Sequence[str]) -> str:
    return "|".join(map(re.escape, phrases))


def _start(body: str, at: int) -> int:
    """Where the next sentence begins; a full stop that was left standing alone is none."""
    match = _BETWEEN.match(body, at)
    assert match is not None, "it matches nothing, too"
    return match.end()


def _may_be_said(one: Sentence, stated: set[str]) -> bool:
    """Whether a sentence that is new needs no proof: another number where one was stated, or an appeal to the reader,
    which is what excepts a picture. What excepts a claim is a fact: whether the ad has it, no reviewer can know.
    """
    if one.kind == "number":
        return one.rule in stated
    return one.kind == "notice" and catalogue().rules[one.rule].object is not None


def _ad(case: Case, sentences: Sequence[Sentence], gone: Sequence[PictureEdit] = ()) -> Ad:
    """An ad that says this, with the case's picture less what is gone from it."""
    facts = case.meta[PICTURE]
    elements = {edit.element.strip().casefold() for edit in gone if edit.place == ("image", 0)}
    shown, badge = facts["shown"], facts.get("badge")
    covered = shown == COVERED and COVERED not in elements
    ad = Ad(case.id, "", "", "", "", _NOWHERE, "" if shown in elements or shown == COVERED else shown)
    ad.covered, ad.badge = covered, None if badge in elements else badge
    ad.sentences = [one.text for one in sentences]
    for one in sentences:
        if one.kind == "claim":
            ad.claims[one.rule] = one.phrase
        elif one.kind == "quoted":
            ad.quoted[one.rule] = one.phrase
        elif one.kind == "notice":
            ad.notices.add(one.rule)
        elif one.kind == "number":
            ad.numbers.setdefault(one.rule, []).append(None if one.phrase == HIDDEN else int(one.phrase))
    return ad
