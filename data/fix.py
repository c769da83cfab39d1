"""Fix: a case as it would be if an advice were followed, and what of the advice cannot be.

Every edit is looked for in the text as it stands, so that none can write what another then changes, and writes into
the field that it names and nowhere else. What words mean the same is settled as it is for quotes (`data.quotes`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from data.case import Case
from data.edit import Edit, PictureEdit, TextEdit
from data.quotes import Span, find_quote, fold, occurrences


@dataclass(frozen=True)
class Change:
    """One edit, applied: where it takes words out of a field, and what it puts there."""

    edit: TextEdit
    span: Span
    """In the field's text as it was; end exclusive. What both wordings begin and end with is not in it."""
    new: str


@dataclass(frozen=True)
class Left:
    """An edit that cannot be applied, and why."""

    edit: Edit
    why: str


@dataclass(frozen=True)
class Fix:
    """What has become of a case."""

    before: Case
    case: Case
    """With the edits applied, and without gold and teacher: those were of the case before."""
    changes: tuple[Change, ...]
    left: tuple[Left, ...]

    @property
    def pictures(self) -> list[PictureEdit]:
        """The edits that only whoever makes the pictures can apply."""
        return [left.edit for left in self.left if isinstance(left.edit, PictureEdit)]


def fix(case: Case, edits: Sequence[Edit]) -> Fix:
    """Applies edits to the text fields of a case; of two that overlap, the first.

    Example:
        >>> ad = Case(id="1", text={"body": "Fresh tea. Cures all. Sold by Bo."})
        >>> found = fix(ad, [TextEdit(field="body", old="cures all."), TextEdit(field="body", old="by")])
        >>> found.case.text, found.left
        ({'body': 'Fresh tea. Sold Bo.'}, ())
        >>> fix(ad, [TextEdit(field="body", old="cures none")]).left[0].why
        "its old words do not stand in 'body'"
    """
    changes: list[Change] = []
    left: list[Left] = []
    for edit in edits:
        found = _located(case, edit)
        if isinstance(found, Change):
            if any(found.edit.field == one.edit.field and _overlap(found, one) for one in changes):
                found = "an earlier edit changes the same words"
            else:
                changes.append(found)
        if isinstance(found, str):
            left.append(Left(edit, found))
    text = dict(case.text)
    for change in sorted(changes, key=lambda change: change.span, reverse=True):  # from behind: places stay
        text[change.edit.field] = _put(text[change.edit.field], change)
    fixed = case.model_copy(update={"text": text, "gold": None, "teacher": None})
    return Fix(case, fixed, tuple(changes), tuple(left))


def _located(case: Case, edit: Edit) -> Change | str:
    """Where an edit applies, or why it does not."""
    if isinstance(edit, PictureEdit):
        return "words cannot change a picture"
    text = case.text.get(edit.field)
    if text is None:
        return f"there is no text field '{edit.field}'"
    count = len(occurrences(edit.old, text, 2))
    if count != 1:
        return f"its old words {'stand more than once' if count else 'do not stand'} in '{edit.field}'"
    found = find_quote(edit.old, text)
    assert found is not None
    start, end = found
    old, new = text[start:end], edit.new
    if fold(old) == fold(new):
        return "its new words are the old ones"
    same = _alike(old, new)
    behind = _alike(old[same:][::-1], new[same:][::-1])
    return Change(edit, (start + same, end - behind), new[same : len(new) - behind])


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin alike with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _overlap(one: Change, other: Change) -> bool:
    """Whether two changes of a field touch the same words; two at one place do, as their order would decide."""
    return one.span == other.span or (one.span[0] < other.span[1] and other.span[0] < one.span[1])


def _put(text: str, change: Change) -> str:
    """The text with one change; where words go and leave two blanks, one goes with them."""
    start, end = change.span
    before, behind = text[:start], text[end:]
    if not change.new and (not before or before[-1].isspace()):
        behind = behind.lstrip()
        return before.rstrip() if not behind else before + behind
    return before + change.new + behind
