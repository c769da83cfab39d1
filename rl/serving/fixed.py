"""Fixed: a review, the ad with the review's edits applied, and that ad reviewed again by the same rules.

The second review sees the edited words as it sees any ad's: whoever wrote them cannot speak to it. What is not applied
is said, with the reason.
"""

from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from data import Brief, Briefs, TextEdit, fix
from data.fix import Left
from rl.config.decoding import Decoding
from rl.desk import Desks
from rl.generation.engine import Engine
from rl.generation.episodes import engine_of
from rl.serving.review import Review, panel, review
from rl.terminal.safe_text import told_edit, visible


class FixedReview(BaseModel):
    """What became of an ad by a model's advice."""

    first: Review
    applied: list[TextEdit]
    left: list[Left]
    """What was not applied, and why."""
    text: dict[str, str]
    """The fields that were edited, as they are now."""
    second: Review | None
    """Of the ad as it is now; None where nothing was applied."""

    @property
    def approved(self) -> bool:
        """Whether the ad is approved as it is now."""
        ruled = (self.second or self.first).ruling
        return ruled is not None and ruled.verdict == "approve"


def review_fixed(
    engine: str | Path | Engine,
    briefs: Briefs,
    decoding: Decoding | None = None,
    desks: Desks | None = None,
    fix_with: str | Path | Engine | None = None,
) -> list[FixedReview]:
    """Has a model rule on each case, applies its edits, and has the edited cases reviewed.

    Args:
        desks: what the model may look things up with, in both reviews; nothing if None.
        fix_with: who reviews the edited cases, asked with the template that it was trained with; the same model, asked
            in the same way, if None.

    Raises:
        DataError: there is no such model, or a case cannot be put to it.
    """
    engine, decoding = engine_of(engine), decoding or Decoding()
    again = engine if fix_with is None else engine_of(fix_with)
    first = review(engine, briefs, decoding, desks)
    fixes = [
        fix(brief.case, found.ruling.edits if found.ruling else []) for brief, found in zip(briefs, first, strict=True)
    ]
    pairs = [(brief, found) for brief, found in zip(briefs, fixes, strict=True) if found.changes]
    edited = Briefs((Brief(found.case, brief.excerpt) for brief, found in pairs), briefs.book)
    asked = decoding if again is engine else replace(decoding, template=None)
    second = {found.case: found for found in (review(again, edited, asked, desks) if edited else [])}
    return [
        FixedReview(
            first=before,
            applied=[change.edit for change in found.changes],
            left=list(found.left),
            text={change.edit.field: found.case.text[change.edit.field] for change in found.changes},
            second=second.get(before.case),
        )
        for before, found in zip(first, fixes, strict=True)
    ]


def fixed_panel(found: FixedReview) -> Group:
    """Both reviews for people, on a terminal, and between them what was changed."""
    parts: list[RenderableType] = [panel(found.first), _changes(found)]
    if found.second is not None:
        parts.append(panel(found.second))
    return Group(*parts)


def _changes(found: FixedReview) -> Panel:
    lines: list[RenderableType] = [
        Text("✓ ", style="green").append(Text(visible(told_edit(edit)))) for edit in found.applied
    ]
    for left in found.left:
        line = Text("✗ ", style="bold red").append(Text(visible(told_edit(left.edit))))
        lines.append(line.append(Text(visible(f"  not applied: {left.why}"), style="red")))
    lines += [Text(visible(f"{name}: {text}"), style="dim") for name, text in found.text.items()]
    if not lines:
        without = "none is called for" if found.approved else "the ruling has no edits; --template edits asks for them"
        lines.append(Text(without, style="dim"))
    if not found.applied and found.approved:
        ending = "approved as it is"
    elif not found.applied:
        ending = "nothing was changed, so it is not reviewed again"
    else:
        ending = "approved as it is now" if found.approved else "still not approved"
    return Panel(Group(*lines), title="the ad with the edits", subtitle=ending)
