"""Whether the advice works: the ad with its edits applied is approved, and is still that ad.

Approval is Billboard's own judge's, which no policy can move: it works out from the edited words, and from what the
picture is known to show, what every rule makes of them. `rewards.model_based.advice` asks a model in its place, for
ads whose making nobody knows.
"""

from typing import TYPE_CHECKING

from data import Case, Gold, Rulebook, Ruling
from data.change import LEAST_KEPT, extent
from data.fix import Fix, fix
from data.respelling import respelt
from rewards.reward import reward
from rewards.score import NotApplicable, Outcome, Score

if TYPE_CHECKING:
    from data.billboard.mended import Judged


@reward(name="advice", range=(0, 1))
def advice(ruling: Ruling, case: Case, excerpt: Rulebook) -> Outcome:
    """Of a Billboard ad whose gold has edits: 0 unless the ad with the ruling's edits is approved and says nothing
    that nobody has checked; then the `restraint` of the edits. What no words can change must be asked for, and counts
    as changed. Where gold approves, any edit is needless: 1 without, 0 with.

    Example:
        >>> from data import TextEdit
        >>> from data.billboard.catalogue import rulebook
        >>> claim = TextEdit(field="body", old="Cures every illness.")
        >>> case = Case(id="1", text={"body": "Now in Bo. cures every illness. Ask Nel."}, rules=["CURE-1"],
        ...     meta={"picture": {"shown": "cup", "badge": None}}, gold={"verdict": "reject", "edits": [claim]})
        >>> advises = lambda old: Ruling(verdict="reject", confidence=1, edits=[TextEdit(field="body", old=old)])
        >>> [round(advice(advises(old), case, rulebook().excerpt(["CURE-1"])).value, 2)
        ...     for old in ("cures every illness.", "cures every illness. Ask Nel.", case.text["body"], "Ask Nel.")]
        [1.0, 0.54, 0.0, 0.0]
    """
    from data.billboard.mended import judge_fix, knows  # the benchmark, which other rewards have no use for

    gold = case.gold_for(excerpt)
    if gold is None or gold.verdict is None or gold.edits is None or not knows(case, excerpt):
        return NotApplicable
    if gold.verdict == "approve":
        return where_none_is_needed(ruling)
    found = fix(case, ruling.edits)
    judged = judge_fix(found, excerpt)
    if not judged.approved:
        return Score(0.0, _why_not(judged), {"approved": 0.0})
    return restraint(found, gold)


def where_none_is_needed(ruling: Ruling) -> Score:
    """1 without edits, 0 with any."""
    return Score(0.0, "the ad is approved as it is") if ruling.edits else Score(1.0, "nothing to change")


def restraint(found: Fix, gold: Gold) -> Score:
    """How far edits leave alone what gold does, 0..1: the lesser of the share that they keep of what breaks no rule,
    and of the length of gold's edits in the length of theirs. It is 0 where less than half is kept: that is
    another ad; and where what breaks a rule still stands, only spelt otherwise.
    """
    if (words := respelt(found, gold)) is not None:
        return Score(0.0, f"only spells otherwise what breaks a rule: {words!r}", {"approved": 1.0})
    size = extent(found, gold)
    needed = extent(fix(found.before, gold.edits), gold).size if gold.edits is not None else size.size - size.needless
    small = min(1.0, needed / size.size) if size.size else 0.0
    parts = {"approved": 1.0, "kept": size.kept, "small": small}
    if size.kept < LEAST_KEPT:
        return Score(0.0, f"{size.kept:.0%} is kept of what breaks no rule: this is another ad", parts)
    return Score(min(size.kept, small), f"keeps {size.kept:.0%} of what breaks no rule", parts)


def _why_not(judged: "Judged") -> str:
    if judged.unchecked:
        return f"says what nobody has checked: {judged.unchecked[0]!r}"
    return "the ad would not be approved"
