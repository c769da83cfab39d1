"""How much an advice changes, and how much of that gold would leave as it is.

What may go is what gold edits or, where gold has no edits, what it quotes as evidence. Letters and digits are counted:
whether the full stop goes with a sentence makes no difference.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from data.case import Case
from data.edit import LONGEST_WORDS, MOST_EDITS, Edit, PictureEdit, TextEdit
from data.evidence import Quote
from data.fix import Change, Fix, fix
from data.gold import Gold
from data.quotes import Span

LEAST_KEPT = 0.5
"""An edited ad that keeps a smaller share of what gold would is another ad."""
STRAYS = 0.5
"""An edit may change half as many letters that gold leaves as it changes rightly: a word or two around a quote."""
OF_PICTURE = 24
"""Letters that changing a picture counts as: about as many as a claim has."""


@dataclass(frozen=True)
class Extent:
    """How much a fix changes, in letters and digits."""

    removed: int
    added: int
    needless: int
    """Of those removed, how many gold leaves as they are."""
    kept: float
    """Share of what gold leaves as it is that still stands, 0..1."""
    pictures: int = 0
    """How many elements of pictures it wants changed."""
    idle: int = 0
    """Letters of edits of text that could not be applied."""

    @property
    def size(self) -> int:
        """All that it changes or tries to."""
        return self.removed + self.added + self.idle + OF_PICTURE * self.pictures


def mendable(case: Case, gold: Gold) -> bool | None:
    """Whether other words alone can have a case approved that gold does not approve: all of gold's edits are of text
    or, where it has none annotated, all of its evidence is words of text fields. None where that is not known, where
    the evidence is all that the case says (to empty it is no mending), and where there is nothing to mend.
    """
    if gold.verdict in (None, "approve"):
        return None
    if gold.edits is not None:
        return bool(gold.edits) and all(isinstance(edit, TextEdit) for edit in gold.edits)
    evidence = [violation.evidence for violation in gold.violations or []]
    if not evidence or gold.unclear or not all(evidence):
        return None
    if not all(isinstance(item, Quote) and item.field in case.text for items in evidence for item in items or []):
        return False
    may_go = guilty(case, gold)
    rest = (_letters_outside(text, (0, len(text)), may_go.get(name, [])) for name, text in case.text.items())
    return any(rest) or None


def extent(found: Fix, gold: Gold) -> Extent:
    """How much a fix changes beside what gold would.

    Example:
        >>> gold = Gold(verdict="reject", edits=[TextEdit(field="body", old="Cures all.")])
        >>> case = Case(id="1", text={"body": "Fresh tea. Cures all."})
        >>> extent(fix(case, [TextEdit(field="body", old="tea. Cures all")]), gold)
        Extent(removed=11, added=0, needless=3, kept=0.625, pictures=0, idle=0)
    """
    may_go = guilty(found.before, gold)
    removed = [(one.edit.field, one.span) for one in found.changes]
    needless = sum(_letters_outside(found.before.text[name], span, may_go.get(name, [])) for name, span in removed)
    whole = {name: (0, len(text)) for name, text in found.before.text.items()}
    stays = sum(_letters_outside(found.before.text[name], span, may_go.get(name, [])) for name, span in whole.items())
    failed = [left.edit for left in found.left if isinstance(left.edit, TextEdit)]
    return Extent(
        removed=sum(_letters(found.before.text[name][slice(*span)]) for name, span in removed),
        added=sum(_letters(one.new) for one in found.changes),
        needless=needless,
        kept=1.0 - needless / stays if stays else 1.0,
        pictures=len({(edit.place, edit.element) for edit in found.pictures}),
        idle=sum(_letters(edit.old) + _letters(edit.new) for edit in failed),
    )


def guilty(case: Case, gold: Gold) -> dict[str, list[Span]]:
    """What gold would have changed, as spans of the text fields."""
    if gold.edits is not None:
        changes = fix(case, gold.edits).changes
        return {name: [one.span for one in changes if one.edit.field == name] for name in case.text}
    quotes = [item for violation in gold.violations or [] for item in violation.evidence or []]
    found: dict[str, list[Span]] = {}
    for quote in quotes:
        if isinstance(quote, Quote) and quote.field in case.text and (span := case.find(quote)) is not None:
            found.setdefault(quote.field, []).append(span)
    return found


def edits_of(case: Case, gold: Gold) -> list[Edit]:
    """Gold's edits or, where it has none annotated, those that take out all that it quotes as evidence; of quotes that
    stand twice or overlap, those that can be.
    """
    if gold.edits is not None:
        return list(gold.edits)
    quotes = [item for violation in gold.violations or [] for item in violation.evidence or []]
    edits = [
        TextEdit(field=item.field, old=item.quote)
        for item in quotes
        if isinstance(item, Quote) and item.field in case.text and len(item.quote) <= LONGEST_WORDS
    ]
    return [change.edit for change in fix(case, edits[:MOST_EDITS]).changes]


def needless_edits(found: Fix, gold: Gold) -> int:
    """How many edits gold would not make: all where it approves; else of text those that change more letters that gold
    leaves than `STRAYS` allows, or cannot be applied, and of pictures those of pictures that gold leaves as they are.
    """
    if gold.verdict == "approve":
        return len(found.changes) + len(found.left)
    may_go = guilty(found.before, gold)
    wanted = {edit.place for edit in gold.edits or [] if isinstance(edit, PictureEdit)}
    return sum(_is_needless(one, found.before, may_go) for one in found.changes) + sum(
        isinstance(left.edit, TextEdit) or left.edit.place not in wanted for left in found.left
    )


def _is_needless(change: Change, case: Case, may_go: dict[str, list[Span]]) -> bool:
    text, spans = case.text[change.edit.field], may_go.get(change.edit.field, [])
    removed, outside = _letters(text[slice(*change.span)]), _letters_outside(text, change.span, spans)
    right = removed - outside
    if not removed:  # it only adds, which is right where gold adds, too
        return not any(start == end for start, end in spans)
    return outside + max(0, _letters(change.new) - right) > STRAYS * right


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _letters_outside(text: str, span: Span, spans: list[Span]) -> int:
    return _letters("".join(_outside(text, span, spans)))


def _outside(text: str, span: Span, spans: list[Span]) -> Iterator[str]:
    """The pieces of a span that lie in none of the others."""
    at, end = span
    for start, stop in sorted(spans):
        if at < min(start, end):
            yield text[at : min(start, end)]
        at = max(at, stop)
    if at < end:
        yield text[at:end]
