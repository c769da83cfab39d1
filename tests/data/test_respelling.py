"""Words that people still read are still there, however they are spelt; other words are not."""

import time

import pytest

from data import Case, Gold, TextEdit, fix
from data.respelling import respelt

AD = Case(id="1", text={"title": "Bo tea", "body": "This tea cures diabetes. The best 50 % off, 最好的茶. Ask Nel."})
GOLD = Gold.model_validate(
    {
        "verdict": "reject",
        "violations": [
            {"rule": "A", "evidence": [{"quote": quote, "field": "body"}]}
            for quote in ("cures diabetes", "best", "50 % off", "最好的茶")
        ],
    }
)


def told(old: str, new: str, gold: Gold = GOLD) -> str | None:
    return respelt(fix(AD, [TextEdit(field="body", old=old, new=new)]), gold)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("diabetes", "dibetes"),
        ("diabetes", "diabettes"),
        ("cures", "curess"),
        ("cures", "cvres"),
        ("cures diabetes", "curs diabtes"),
        ("cures", "cu-res"),
        ("cures diabetes", "curesdiabetes"),
        ("cures", "cu\u034fres"),
        ("cures", "\u0441ur\u0435s"),
        ("diabetes", "d1abet3s"),
        ("best", "b e s t"),
        ("最好的", "最 好 的"),
    ],
)
def test_words_that_are_only_spelt_otherwise_still_stand(old: str, new: str) -> None:
    assert told(old, new) is not None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("cures diabetes", ""),
        ("This tea cures diabetes.", ""),
        ("cures", "is for those with"),
        ("best", "good"),
        ("cures", "no cure for"),
        ("50 %", "5 %"),
        ("50", "40"),
        ("最好", "很好"),
        ("Nel", "Nell"),
        ("cures diabetes", "tastes good"),
    ],
)
def test_other_words_are_other_words(old: str, new: str) -> None:
    assert told(old, new) is None


def test_gold_spells_as_it_likes() -> None:
    edit = TextEdit(field="body", old="cures", new="cares")
    gold = Gold(verdict="reject", edits=[edit])
    assert told("cures", "cares", gold) is None and told("cures", "cured", gold) == "cured"


def test_long_edits_take_no_time() -> None:
    old = "ab" * 500
    found = fix(Case(id="1", text={"body": old}), [TextEdit(field="body", old=old, new="ba" * 500)])
    began = time.process_time()
    respelt(found, Gold(verdict="reject", edits=[TextEdit(field="body", old=old)]))
    assert time.process_time() - began < 1
