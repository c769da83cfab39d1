"""Quotes are found whatever the writing, and where they stand in the original."""

import cProfile
import gc
import unicodedata
from collections import Counter
from itertools import groupby

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data.quotes import _clusters, _fold_cluster, _joins, _places, find_quote, fold, occurrences
from rewards.testing.hostile import HOSTILE

TEXTS = st.one_of(
    st.text(), st.lists(st.sampled_from([*HOSTILE, "ｶ", "ﾞ", "\u0301", "가", "ᆨ", " ", "\n", "İ"])).map("".join)
)
MARKS = ["\u0301", "\u0316", "\u0345", "\u0327", "\u05b0", "\u3099", "\U0001d165", "\u0f71", "\u0f73", "\u0344"]
FORMATS = ["\u200b", "\u200d", "\u00ad", "\u202e", "\ufeff"]
JAMO = ["\u1100", "\u1161", "\u11a8", "가", "각", "ﾡ", "ￂ"]
OTHERS = [*"aEßﬁΐİÅａＡｶﾞ治㍿ ~\t\u3000\ufa1e\U0002f800"]
MADE_HARD = st.one_of(
    st.lists(st.sampled_from(some), max_size=60) for some in (MARKS, ["a", *MARKS, *FORMATS], JAMO)
).map("".join)
ANY_WRITING = st.lists(st.one_of(st.sampled_from([*MARKS, *FORMATS, *JAMO, *OTHERS]), MADE_HARD)).map("".join)


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
        ("5 dollars", "15 dollars, or 5 Dollars", "5 Dollars"),
        ("for 15", "for 150, for 15.90, for 15.", "for 15"),
        ("15 days, 5", "in 15 days, 5, or never", "15 days, 5"),
    ],
)
def test_what_is_found(quote, text, found):
    start, end = find_quote(quote, text)
    assert text[start:end] == found


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("", "x"),
        (" \u200b", "a b"),
        ("tea", ""),
        ("a b", "ab"),
        ("tees", "tea"),
        ("5", "15"),
        ("15", "150"),
        ("500", "1,500"),
        ("99", "99.90"),
        ("50%", "150%"),
        ("1 5", "11 55"),
        ("٥", "١٥"),
    ],
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


def test_numbers_that_are_cut_cost_no_more():
    """As many steps as there are runs of digits, not digits."""
    assert occurrences("1" * 500, "1" * 100_000 + " " + "1" * 500) == ((100_001, 100_501),)
    assert find_quote("1" * 5_000, "1" * 1_000_000) is None


def plain_clusters(text):
    pieces = []
    for character in text:
        if pieces and _joins(character):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def plain_fold(cluster):
    visible = "".join(character for character in cluster if unicodedata.category(character) != "Cf")
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).casefold())


@given(st.text() | ANY_WRITING)
def test_clusters_and_their_folding_are_those_of_the_plainest_way(text):
    assert _clusters(text) == plain_clusters(text)
    for cluster in (*_clusters(text), text):
        assert _fold_cluster(cluster) == plain_fold(cluster)


class Counted(str):
    """A text that counts the characters that are copied where its pieces are put together."""

    copied = 0

    def __iter__(self):
        return map(Counted, super().__iter__())

    def __add__(self, other):
        Counted.copied += len(self) + len(other)
        return Counted(super().__add__(other))


def moved(text):
    """By how many places, all together, marks move when they are sorted by insertion: what normalising costs."""
    places = 0
    for _, run in groupby(map(unicodedata.combining, text), key=bool):
        before = Counter()
        for mark in run:
            places += sum(count for other, count in before.items() if other > mark)
            before[mark] += 1
    return places


@pytest.mark.parametrize("fold_it", [fold.__wrapped__, _places.__wrapped__], ids=["fold", "places"])
@pytest.mark.parametrize(
    "piece",
    ["\u200b\u200c", "\u0301\u0316", "a\u0301\u200d\u0316", "\u1161\u11a8", "\u0345\u0301", "ｶﾞ", "wörd ", "治愈"],
)
def test_the_work_is_linear_in_the_text(fold_it, piece, monkeypatch):
    normalize = unicodedata.normalize
    work = 0

    def counting(form, text):
        nonlocal work
        work += moved("".join(normalize("NFKD", character) for character in text))
        return normalize(form, text)

    def work_on(text):
        nonlocal work
        work = Counted.copied = 0
        _fold_cluster.cache_clear()
        profile = cProfile.Profile()
        gc.disable()  # libraries have the collector call them, and such calls would be counted
        profile.runcall(fold_it, Counted(text))
        gc.enable()
        return work + Counted.copied + sum(entry.callcount for entry in profile.getstats())

    monkeypatch.setattr(unicodedata, "normalize", counting)
    work_on(piece * 10)  # what is looked up once
    assert work_on(piece * 2000) <= 2 * work_on(piece * 1000)
