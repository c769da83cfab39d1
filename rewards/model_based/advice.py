"""Whether the advice works, as far as a model can tell that the policy cannot move: a frozen checkpoint, or a judge
behind a server. For ads whose making nobody knows; of Billboard's, `rewards.pure.advice` knows.

What can be settled without a model is: edits that cannot be applied, that leave another ad than this one, or that say
much that the ad did not say. A policy that could write at length would find the words that move a reviewer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import exp
from typing import Annotated, ClassVar

from pydantic import Field

from data import Brief, DataError, Fix, Gold, Ruling, fix
from data.change import mendable
from data.quotes import fold
from prompts import Message
from prompts.parts import Text
from rewards.batch import Item
from rewards.model_based.judge.document import as_json, rule_shown, system_text
from rewards.model_based.judge.form import Answer, Form
from rewards.model_based.judge.server_reward import Consultation, Count, ServerReward
from rewards.model_based.local_reward import low_if_too_long
from rewards.model_based.reference import ReferenceReward, ruling_of
from rewards.pure.advice import restraint, where_none_is_needed
from rewards.score import NotApplicable, Outcome, Score

MOST_ADDED = 6
FORM = Form(("breaks", "claims_more", "same_product"))
WANTED = {"breaks": "no", "claims_more": "no", "same_product": "yes"}
"""The answers that speak for the advice."""
APPROVING = Ruling(verdict="approve", confidence=1.0)


@dataclass(kw_only=True, eq=False)
class ReviewedAdvice(ReferenceReward):
    """How likely a frozen checkpoint approves the ad with the ruling's edits, asked for its decision alone, times the
    `restraint` of the edits; 0..1. It applies where gold approves, and where words alone can mend (`mendable`).

    Raises:
        DataError: when built: as a reference; and where it were to follow the policy, which could then move it.

    Example:
        ``craft: {reviewed_advice: {weight: 0.1, model: runs/sft}}``
    """

    name: ClassVar[str] = "reviewed_advice"

    decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    """It stays as it is."""
    most_added: Count = MOST_ADDED
    """Words that the edits may put in and that stand nowhere in the ad; more earn 0."""

    def __post_init__(self) -> None:
        if self.decay < 1:
            raise DataError("a reviewer that follows the policy could be moved by it: leave decay out", field="decay")
        super().__post_init__()

    def score_batch(self, items: Sequence[Item]) -> Sequence[Outcome | Exception]:
        """One outcome for each item, or the fault that there is none."""
        settled = [settle(item, self.most_added) for item in items]
        asked = [
            (Item(APPROVING, Brief(one.case, item.excerpt)), one, item.gold)
            for item, one in zip(items, settled, strict=True)
            if isinstance(one, Fix)
        ]
        found = iter(self.log_likelihoods([item for item, _, _ in asked], [APPROVING] * len(asked)) if asked else ())
        golds = iter([gold for _, _, gold in asked])
        return [_likely(one, next(golds), next(found)) if isinstance(one, Fix) else one for one in settled]


@dataclass(kw_only=True, eq=False)
class JudgedAdvice(ServerReward):
    """The `restraint` of the edits where a judge finds that the ad with them breaks none of the rules, claims nothing
    that it did not claim, and promotes the same product; else 0. It applies as `ReviewedAdvice` does. The judge sees
    no pictures.

    Example:
        ``craft: {judged_advice: {weight: 0.1, base_url: "http://localhost:8000/v1", model: "Qwen/Qwen3-8B"}}``
    """

    name: ClassVar[str] = "judged_advice"

    most_added: Count = 40
    """Words that the edits may put in and that stand nowhere in the ad; more earn 0."""

    def consult(self, item: Item, ruling: Ruling) -> Consultation | Outcome:
        """Three questions about the ad with its edits."""
        found = settle(item, self.most_added)
        if not isinstance(found, Fix):
            return found
        shown = {"before": dict(found.before.text), "after": dict(found.case.text)}
        if (low := self.too_long([edit.model_dump(mode="json") for edit in ruling.edits])) is not None:
            return low
        document = as_json({"rules": [rule_shown(rule) for rule in item.excerpt.rules], **shown})
        system = Message("system", (Text(system_text("advice.j2", form=FORM.example)),))
        assert item.gold is not None, "without gold it does not apply"
        worth = partial(_judged, restraint(found, item.gold))
        return Consultation([system, Message("user", (Text(document),))], FORM, worth)


def settle(item: Item, most_added: int) -> Fix | Outcome:
    """The fix that a reviewer is to be asked about, or what the advice is worth unasked."""
    ruling, gold = ruling_of(item), item.gold
    if gold is None or gold.verdict is None:
        return NotApplicable
    if gold.verdict == "approve":
        return where_none_is_needed(ruling)
    if not mendable(item.case, gold):
        return NotApplicable
    found = fix(item.case, ruling.edits)
    if not found.changes:
        return Score(0.0, found.left[0].why if found.left else "nothing is changed")
    if (added := len(words_added(found))) > most_added:
        return Score(0.0, f"says {added} words that the ad does not, and {most_added} at most may be new")
    worth = restraint(found, gold)
    return found if worth.value else worth


def words_added(found: Fix) -> set[str]:
    """The words that edits put in and that stand nowhere in the ad.

    Example:
        >>> from data import Case, TextEdit
        >>> case = Case(id="1", text={"title": "Tea", "body": "Cures all."})
        >>> sorted(words_added(fix(case, [TextEdit(field="body", old="Cures all", new="A fine tea")])))
        ['a', 'fine']
    """
    said = {word for text in found.before.fields.values() for word in _words(text)}
    return {word for change in found.changes for word in _words(change.edit.new)} - said


def _words(text: str) -> list[str]:
    """Folded; of scripts that part no words, each character counts as one."""
    words: list[str] = []
    for piece in "".join(c if c.isalnum() else " " for c in fold(text)).split():
        words += [piece] if piece.isascii() else list(piece)
    return words


def _likely(found: Fix, gold: Gold | None, log_likelihood: float | Exception) -> Outcome | Exception:
    if isinstance(log_likelihood, Exception):
        return low_if_too_long(log_likelihood)
    assert gold is not None, "without gold it does not apply"
    held, likelihood = restraint(found, gold), exp(log_likelihood)
    reason = f"the edited ad is approved with {likelihood:.2f}; {held.reason}"
    return Score(held.value * likelihood, reason, {**held.parts, "approved": likelihood})


def _judged(held: Score, answers: Mapping[str, Answer]) -> Score:
    against = [name for name, wanted in WANTED.items() if answers[name].answer != wanted]
    if against:
        because = answers[against[0]].because[:300]
        return Score(0.0, f"{against[0]}{': ' if because else ''}{because}", {name: 0.0 for name in against})
    return held
