"""Writing: the form that SFT targets have."""

import pytest

from data import PictureEdit, Quote, Ruling, TextEdit, Violation
from prompts import write
from rewards.testing.hostile import STRUCTURE
from tests.prompts.families import FAMILIES


def test_keys_come_in_order_and_the_empty_ones_are_left_out():
    ruling = Ruling(reasoning="A-1: no.", verdict="approve", confidence=0.9)
    assert write(ruling) == (
        '<think>A-1: no.</think><answer>{"violations": [], "verdict": "approve", "confidence": 0.9}</answer>'
    )
    full = ruling.model_copy(update={"intent": "food", "advice": "Say ‘tea’."})
    assert write(full).endswith('"confidence": 0.9, "intent": "food", "advice": "Say ‘tea’."}</answer>')


def test_edits_come_last_and_an_empty_reason_is_left_out():
    edits = [TextEdit(field="title", old="all"), PictureEdit(frame=1, element="gun", new="cup", why="A-1.")]
    written = write(Ruling(verdict="reject", confidence=1, edits=edits))
    assert written.endswith(
        '"confidence": 1.0, "edits": [{"field": "title", "old": "all", "new": ""}, '
        '{"frame": 1, "element": "gun", "new": "cup", "why": "A-1."}]}</answer>'
    )


def test_languages_are_written_as_they_are():
    assert "糖尿病" in write(Ruling(advice="糖尿病", verdict="approve", confidence=1))


@pytest.mark.parametrize("text", STRUCTURE)
def test_a_target_holds_no_special_token_but_our_tags(text):
    cited = Violation(rule="A-1", evidence=[Quote(quote=text, field=text)])
    edits = [TextEdit(field=text, old=text, new=text, why=text), PictureEdit(image=0, element=text, new=text)]
    ruling = Ruling(reasoning=text, violations=[cited], verdict="reject", confidence=1, intent=text, advice=text)
    written = write(ruling.model_copy(update={"edits": edits}))
    for tag in ("<think>", "</think>", "<answer>", "</answer>"):
        assert written.count(tag) == 1
    for family in FAMILIES:
        own = {"<think>", "</think>", "<answer>", "</answer>"}
        assert set(family.specials(written)) <= own
