"""Cheats at the desk: rulings that rest on nothing that was looked at, and calls that look at nothing."""

from collections.abc import Iterator

from data import Ruling
from prompts import Episode, Look, Turn, write
from rewards.audit.cheat import cheat
from rewards.audit.subject import Subject
from rewards.pure.looking import shown

CALLS = 3


@cheat("damage", needs=["looked"])
def citing_without_looking(subject: Subject) -> Iterator[Episode]:
    """The right ruling by somebody who has looked at nothing, where the prompt does not show what it cites."""
    evidence = [item for violation in subject.right.violations for item in violation.evidence]
    if any(shown(item, subject.case, ()) < 1 for item in evidence):
        yield Episode.plain(subject.case.id, write(subject.right))


@cheat("padding")
def calling_tools_for_nothing(ruling: Ruling, subject: Subject) -> Iterator[Episode]:
    """Calls tools that can show nothing, again and again, before the same ruling."""
    look = Look(tool="zoom", arguments='{"image": 99}', error="there is no image 99")
    asked = (Turn("<think>a look</think>"), Turn(look.error, "tool", looks=(look,)))
    yield Episode(subject.case.id, (*asked * CALLS, Turn(write(ruling))))
