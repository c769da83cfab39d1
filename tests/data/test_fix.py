"""Edits are applied where they say, once, and nowhere else; what cannot be applied is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from data import Case, Gold, PictureEdit, Ruling, TextEdit, fix
from data.change import extent, mendable, needless_edits
from data.edit import LONGEST_WORDS, MOST_EDITS
from data.rulebook import Rule, Rulebook

AD = Case(id="1", text={"title": "Fresh tea", "body": "It cures all. Sold by Bo. Sold by Ann."})


def edit(old: str, new: str = "", field: str = "body") -> TextEdit:
    return TextEdit(field=field, old=old, new=new)


@pytest.mark.parametrize(
    ("edits", "body"),
    [
        ([edit("It cures all.")], "Sold by Bo. Sold by Ann."),
        ([edit("IT  CURES ALL.")], "Sold by Bo. Sold by Ann."),
        ([edit("Sold by Ann.")], "It cures all. Sold by Bo."),
        ([edit("by Bo.")], "It cures all. Sold Sold by Ann."),
        ([edit("cures all", "tastes good")], "It tastes good. Sold by Bo. Sold by Ann."),
        ([edit("Bo", "Ann"), edit("Ann", "Bo")], "It cures all. Sold by Ann. Sold by Bo."),
        ([edit("all.", "all. Drink it.")], "It cures all. Drink it. Sold by Bo. Sold by Ann."),
        ([edit(AD.text["body"])], ""),
    ],
)
def test_edits_are_applied_to_the_text_as_it_stands(edits, body) -> None:
    found = fix(AD, edits)
    assert found.case.text == {"title": "Fresh tea", "body": body} and not found.left


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (edit("cures none"), "its old words do not stand in 'body'"),
        (edit("Sold by"), "its old words stand more than once in 'body'"),
        (edit("tea", field="footer"), "there is no text field 'footer'"),
        (edit("tea", field="transcript"), "there is no text field 'transcript'"),
        (edit("It cures", "it  CURES"), "its new words are the old ones"),
        (PictureEdit(image=0, element="gun"), "words cannot change a picture"),
    ],
)
def test_what_cannot_be_applied_is_said(wrong, why) -> None:
    found = fix(AD, [wrong])
    assert found.case.text == AD.text and [(left.edit, left.why) for left in found.left] == [(wrong, why)]


def test_of_edits_that_overlap_the_first_counts() -> None:
    found = fix(AD, [edit("It cures all."), edit("all. Sold by Bo")])
    assert found.case.text["body"] == "Sold by Bo. Sold by Ann."
    assert [left.why for left in found.left] == ["an earlier edit changes the same words"]


def test_gold_and_teacher_were_of_the_case_before() -> None:
    ruling = Ruling(verdict="approve", confidence=1)
    case = AD.model_copy(update={"gold": Gold(verdict="reject"), "teacher": ruling})
    assert fix(case, []).case == AD


@given(st.lists(st.builds(TextEdit, field=st.sampled_from(["title", "body", "x"]),
                          old=st.text("abAB .\u200b1", min_size=1, max_size=3), new=st.text("xyz ", max_size=3)),
                max_size=4),
       st.text("abAB .\u200b1", max_size=12))  # fmt: skip
def test_no_edit_writes_into_another_field(edits: list[TextEdit], body: str) -> None:
    case = Case(id="1", text={"title": "ab", "body": body})
    found = fix(case, edits)
    assert found.case.text.keys() == case.text.keys()
    assert len(found.changes) + len(found.left) == len(edits)
    for name, text in found.case.text.items():
        if not any(change.edit.field == name for change in found.changes):
            assert text == case.text[name]


def test_edits_are_bounded() -> None:
    with pytest.raises(ValidationError):
        edit("a", "x" * (LONGEST_WORDS + 1))
    with pytest.raises(ValidationError):
        Ruling(verdict="approve", confidence=1, edits=[edit("a")] * (MOST_EDITS + 1))
    with pytest.raises(ValidationError, match="exactly one of"):
        PictureEdit(image=0, frame=1, element="gun")


QUOTED = {"verdict": "reject", "violations": [{"rule": "A", "evidence": [{"quote": "cures all", "field": "body"}]}]}
WHOLE = [{"quote": text, "field": name} for name, text in AD.text.items()]
SEEN = {"verdict": "reject", "violations": [{"rule": "A", "evidence": [{"image": 0, "region": [0, 0, 1, 1]}]}]}


@pytest.mark.parametrize(
    ("gold", "can"),
    [
        (QUOTED, True),
        (SEEN, False),
        ({"verdict": "approve", "violations": []}, None),
        ({"verdict": "reject", "violations": [{"rule": "A", "evidence": WHOLE}]}, None),
        ({"verdict": "reject", "violations": [{"rule": "A"}]}, None),
        ({"verdict": "escalate", "violations": [], "unclear": ["A"]}, None),
        (QUOTED | {"edits": [{"image": 0, "element": "gun"}]}, False),
        (SEEN | {"edits": [{"field": "body", "old": "cures all"}]}, True),
    ],
)
def test_what_words_can_mend(gold, can) -> None:
    assert mendable(AD, Gold.model_validate(gold)) is can


def test_how_much_is_changed_that_gold_leaves() -> None:
    gold = Gold.model_validate(QUOTED)
    whole = extent(fix(AD, [edit("It cures all. Sold by Bo.")]), gold)
    assert (whole.removed, whole.needless) == (18, 10)
    assert extent(fix(AD, [edit("cures all", "helps many")]), gold).needless == 0
    count = lambda *edits, gold=gold: needless_edits(fix(AD, edits), gold)  # noqa: E731
    assert [count(edit("It cures all.")), count(edit("Sold by Bo."), edit("cures all"))] == [0, 1]
    assert count(edit("cures all", "cures all and everything else there is")) == 1
    assert count(PictureEdit(image=0, element="cup")) == 1
    assert count(edit("It cures all."), gold=Gold(verdict="approve")) == 1


def test_edits_go_where_the_excerpt_is_another() -> None:
    gold = Gold.model_validate(QUOTED | {"edits": [{"field": "body", "old": "cures all"}]})
    book = Rulebook(name="b", rules=[Rule(id="A", text="No."), Rule(id="B", text="No.")])
    assert gold.under(book).edits == gold.edits
    assert gold.under(book.excerpt(["B"])).edits is None
