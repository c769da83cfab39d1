"""Advice is paid where it works, and by how little it changes."""

import pytest

from data import Briefs, Case, PictureEdit, Ruling, TextEdit
from data.billboard.catalogue import rulebook
from data.change import mendable
from prompts import target
from rewards import NotApplicable, advice
from rewards.pure.language import language
from rewards.pure.penalties import overlong
from rewards.score import Score

CLAIM, EXTRA = (TextEdit(field="body", old=old) for old in ("cures every illness.", "Ask Nel."))
AD = Case(
    id="a",
    text={"title": "Belmora tea", "body": "Now in Bo. cures every illness. Ask Nel."},
    images=["a.png"],
    rules=["CURE-1", "GUN-1"],
    meta={"picture": {"shown": "gun", "badge": None}},
)
GUN = PictureEdit(image=0, element="gun")


def value(*edits: TextEdit | PictureEdit, case: Case = AD, gold: object = (CLAIM, GUN), verdict: str = "reject"):
    case = case.model_copy(update={"gold": Case(id="g", gold={"verdict": verdict, "edits": gold}).gold})
    outcome = advice(Ruling(verdict="reject", confidence=1, edits=list(edits)), case, rulebook().excerpt(case.rules))
    return outcome.value if isinstance(outcome, Score) else outcome


def test_both_what_words_mend_and_what_they_cannot_must_be_said() -> None:
    assert value(CLAIM, GUN) == 1.0
    assert value(CLAIM) == value(GUN) == value() == 0.0
    assert value(CLAIM, PictureEdit(image=0, element="cup")) == 0.0


def test_more_than_is_needed_costs() -> None:
    assert 0.0 < value(CLAIM, EXTRA, GUN) < 1.0
    assert 0.0 < value(CLAIM, GUN, PictureEdit(image=0, element="badge")) < 1.0
    assert 0.0 < value(CLAIM, GUN, TextEdit(field="body", old="stands nowhere")) < 1.0


def test_an_ad_that_is_fine_wants_no_edits() -> None:
    assert [value(*edits, gold=(), verdict="approve") for edits in ((), (CLAIM,), (GUN,))] == [1.0, 0.0, 0.0]


def test_it_applies_by_the_case_alone() -> None:
    for edits in ((), (CLAIM, GUN)):
        assert value(*edits, gold=None) is NotApplicable
        assert value(*edits, case=AD.model_copy(update={"meta": {}})) is NotApplicable
    foreign = rulebook().model_copy(update={"rules": (rulebook()["CURE-1"].model_copy(update={"text": "No tea."}),)})
    case = AD.model_copy(update={"rules": None, "gold": Case(id="g", gold={"verdict": "reject", "edits": []}).gold})
    assert advice(Ruling(verdict="reject", confidence=1), case, foreign) is NotApplicable


def test_gold_earns_all_there_is(edited: Briefs) -> None:
    for brief in edited:
        outcome = advice(target(brief.case, brief.excerpt), brief.case, brief.excerpt)
        assert isinstance(outcome, Score) and outcome.value == 1.0, (brief.case, outcome)
    assert sum(bool(mendable(brief.case, brief.gold)) for brief in edited if brief.gold) > 5


@pytest.mark.parametrize(
    "edit", [TextEdit(field="b", old="a", new="x" * 900), PictureEdit(image=0, element="x" * 900)]
)
def test_edits_count_as_text_that_is_written(edit) -> None:
    said = Ruling(verdict="reject", confidence=1, edits=[edit])
    case = AD.model_copy(update={"lang": "en", "gold": Case(id="g", gold={"verdict": "reject"}).gold})
    assert overlong.with_params({"start": 500, "end": 1000})(said, case, rulebook()) >= 0.8
    chinese = edit.model_copy(update={"new": "这款茶"})
    assert language(said.model_copy(update={"edits": [chinese]}), case, rulebook()).value == 1.0
