"""Advised: what became of one ruling's advice, held against gold."""

from pydantic import BaseModel, ConfigDict, Field

from data import Brief, Case, Fix, PictureEdit, Ruling, fix
from data.billboard.mended import judge_fix, knows
from data.change import LEAST_KEPT, extent, mendable, needless_edits
from data.respelling import respelt


class Advised(BaseModel):
    """What became of the edits of one ruling."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    edits: int = Field(default=0, ge=0)
    needless: int = Field(default=0, ge=0)
    """Of those, how many change what gold leaves as it is."""
    fixed: bool | None = None
    """Whether the ad with the edits is approved, still that ad, and without what broke a rule; None where words alone
    cannot mend it, nothing is to be mended, or nobody has looked."""
    refused: bool | None = None
    """Where no words can mend the ad: whether the ruling says that a picture has to change, and names it."""

    def of_nothing(self) -> "Advised":
        """The same of a ruling that advises nothing."""
        none = {name: None if getattr(self, name) is None else False for name in ("fixed", "refused")}
        return Advised(**none)

    @classmethod
    def of(cls, ruling: Ruling | None, brief: Brief) -> "Advised | None":
        """What the edits of a ruling come to, as far as that can be told without a second review; None where gold says
        nothing of the case's verdict. A Billboard ad's is told by Billboard's judge.
        """
        gold = brief.gold
        if gold is None or gold.verdict is None:
            return None
        found = fix(brief.case, ruling.edits if ruling is not None else [])
        can = mendable(brief.case, gold)
        known = cls(edits=len(found.changes) + len(found.left), needless=needless_edits(found, gold))
        if can is False:
            wanted = {edit.place for edit in gold.edits or [] if isinstance(edit, PictureEdit)}
            named = {edit.place for edit in found.pictures if is_there(edit, brief.case)}
            return known.model_copy(update={"refused": bool(named & wanted if wanted else named)})
        if can and (not found.changes or not is_still_that_ad(found, brief) or respelt(found, gold) is not None):
            return known.model_copy(update={"fixed": False})
        if can and knows(brief.case, brief.excerpt):
            return known.model_copy(update={"fixed": judge_fix(found, brief.excerpt).approved})
        return known


def is_there(edit: PictureEdit, case: Case) -> bool:
    """Whether the case has the picture that an edit is about."""
    kind, index = edit.place
    return index < len(case.images if kind == "image" else case.frames)


def is_still_that_ad(found: Fix, brief: Brief) -> bool:
    """Whether a fix keeps at least half of what gold would."""
    assert brief.gold is not None, "what may go is gold's to say"
    return extent(found, brief.gold).kept >= LEAST_KEPT
