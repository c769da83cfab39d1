"""Neutralised text is harmless, can be read, and can be turned back."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.quotes import find_quote
from prompts import neutralise, restore
from prompts.neutralise import _SUBSTITUTES, ESCAPE
from rewards.testing.hostile import HOSTILE
from tests.strategies import TEXTS

ODD_TOKENS = ("USER:", "ab", "bb", "__en__", "■", " ", "\n\n", "é")


@given(st.one_of(TEXTS, st.text()))
def test_restore_turns_back_anything(text):
    assert restore(neutralise(text)) == text
    assert restore(neutralise(text, ODD_TOKENS)) == text
    assert restore(neutralise(neutralise(text))) == neutralise(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_turn_back(text):
    assert restore(neutralise(text, ODD_TOKENS)) == text


@pytest.mark.parametrize(
    "text", ["a < b", "5 > 3", "[1]", "x | y || z", "a -> b", "$3 <\n", "[]", "¡Olé! 【限时】 {x}"]
)
def test_ordinary_text_is_left_alone(text):
    assert neutralise(text) == text


def test_substitutes_are_seen_and_survive_normalisation():
    for original, shown in [*_SUBSTITUTES.items(), (ESCAPE, ESCAPE)]:
        assert original == ESCAPE or original != shown
        assert unicodedata.normalize("NFKC", shown) == unicodedata.normalize("NFKD", shown) == shown
        assert unicodedata.category(shown)[0] in "PS"


def test_every_character_that_normalises_to_an_opener_is_covered():
    openers = [
        c for c in map(chr, range(0x110000)) if c.isprintable() and set(unicodedata.normalize("NFKD", c)) & set("<[◁|")
    ]
    assert set(openers) <= set(_SUBSTITUTES)


def test_named_tokens_of_another_shape_are_broken():
    assert neutralise("USER: abbb", ODD_TOKENS) == "␛55;SER: ␛61;␛62;␛62;b"
    assert neutralise("été\n\n", ODD_TOKENS) == "été\n\n"  # single letters and blanks steer nothing


@given(st.text())
def test_restore_never_fails(text):
    restore(text)
    restore(text + "␛d800; ␛110000; ␛" + text)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_quote_copied_from_the_prompt_is_found_in_the_original(text):
    whole = f"before {text} after"
    copied = neutralise(whole).replace("\n", "\n  ")
    assert find_quote(restore(copied), whole) == (0, len(whole))
