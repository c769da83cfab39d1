"""Quotes are found whatever the writing, and where they stand in the original."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data.quotes import _places, find_quote, fold, occurrences
from rewards.testing.hostile import HOSTILE

TEXTS = st.one_of(
    st.text(), st.lists(st.sampled_from([*HOSTILE, "ｶ", "ﾞ", "\u0301", "가", "ᆨ", " ", "\n", "İ"])).map("".join)
)


@pytest.mark.parametrize(
    ("quote", "text", "found"),
    [
        ("cures diabetes", "This tea CURES \n  Diabetes.", "CURES \n  Diabetes"),
        ("ｃｕｒｅｓ", "it cures", "cures"),
        ("cures", "it ｃｕｒｅｓ all", "ｃｕｒｅｓ"),
        ("straße", "STRASSE", "STRASSE"),
        ("é", "cafe\u0301!", "e\u0301"),
        ("ガン", "ｶﾞﾝに", "ｶﾞﾝ"),
        ("각", "가\u11a8나", "가\u11a8"),
        ("diabetes", "dia\u200bbe\u00adtes \u202ex", "dia\u200bbe\u00adtes"),
        ("糖尿病", "治愈糖尿病，", "糖尿病"),
        ("DİYABET", "bu diyabet DİYABETİ", "DİYABET"),
        (" won  a prize ", "you won a prize", "won a prize"),
    ],
)
def test_what_is_found(quote, text, found):
    start, end = find_quote(quote, text)
    assert text[start:end] == found


@pytest.mark.parametrize(
    ("quote", "text"), [("", "x"), (" \u200b", "a b"), ("tea", ""), ("a b", "ab"), ("tees", "tea")]
)
def test_what_is_not_found(quote, text):
    assert find_quote(quote, text) is None


@given(TEXTS)
@example("A\ufeff\u0300")  # a format character between a letter and its accent
def test_every_folded_character_has_a_place(text):
    places, folded = _places(text), fold(text)
    assert len(places) == len(folded)
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert fold(folded) == folded


@given(TEXTS, st.data())
def test_any_piece_between_blanks_is_found(text, data):
    words = text.split()
    if words:
        first = data.draw(st.integers(0, len(words) - 1))
        quote = " ".join(words[first : data.draw(st.integers(first, len(words) - 1)) + 1])
        span = find_quote(quote, text)
        assert (span is not None) == bool(fold(quote))
        if span:
            assert fold(quote) in fold(text[slice(*span)])


def test_occurrences_are_counted_in_the_folded_text():
    assert occurrences("aa", "AAA  aa") == ((0, 2), (1, 3), (4, 6))
    assert occurrences("", "x") == ()
    assert len(occurrences("a", "a" * 1000, limit=5)) == 5


def test_long_texts_are_quick():
    text = "wörd " * 20_000
    start = time.process_time()
    assert find_quote("nowhere", text) is None
    assert find_quote("wörd wörd", text) == (0, 9)
    assert time.process_time() - start < 2
