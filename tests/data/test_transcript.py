"""Quotes of what was heard: words that recognition was unsure of may differ, numbers and all others may not."""

import re

import pytest

from data import Case, Line, Quote, Word
from data.transcript import as_heard


def heard(quote: str, text: str, confidence: float | None = 0.4, lang: str | None = None) -> str | None:
    return as_heard(quote, [Line(start=0, end=1, text=text, confidence=confidence)], lang)


def test_a_misheard_word_is_found_in_the_transcripts_own_words():
    assert heard("It cures diabetes!", "Look: it cures diabetis, really.") == "it cures diabetis,"
    assert heard("diabetes", "it cures diabetis, really") == "diabetis,"


def test_what_stands_there_is_the_quote_itself_however_sure_it_is():
    assert heard("CURES  all", "it cures all", None) == "CURES  all"


@pytest.mark.parametrize("confidence", [None, 0.6, 1.0])
def test_where_recognition_was_sure_or_people_wrote_every_word_must_stand_there(confidence):
    assert heard("cures diabetes", "cures diabetis", confidence) is None


def test_of_words_known_singly_only_the_unsure_may_differ():
    words = [
        Word(start=0, end=0.5, text="Cures", confidence=0.9),
        Word(start=0.5, end=1, text="diabetis", confidence=0.2),
    ]
    line = Line(start=0, end=1, text="Cures diabetis", confidence=0.5, words=words)
    assert as_heard("cures diabetes", [line]) == "Cures diabetis"
    assert as_heard("curse diabetis", [line]) is None


def test_words_are_those_of_the_line():
    with pytest.raises(ValueError, match="'words' are not those of 'text'"):
        Line(start=0, end=1, text="Cures all", words=[Word(start=0, end=1, text="Cures")])


NUMBERS = [
    ("50", "15"), ("50%", "5%"), ("$1,500", "$1,600"), ("fifty", "fifteen"), ("seventy", "seventeen"),
    ("million", "billion"), ("sesenta", "setenta"), ("settanta", "sessanta"), ("fünfzig", "fünfzehn"),
    ("soixante", "soixantaine"), ("quatorze", "quatroze"), ("zeventig", "zeventien"), ("sechzehn", "siebzehn"),
    ("thousand", "thousend"), ("99.90", "99.99"), ("H2O4", "H204"), ("half-off", "calf-off"),
    ("cinquante", "cinquanta"), ("XVIII", "XXIII"), ("fifth", "sixth"),
]  # fmt: skip


@pytest.mark.parametrize("said, meant", [*NUMBERS, *((b, a) for a, b in NUMBERS)])
def test_never_across_numbers(said, meant):
    assert heard(f"only {said} dollars today", f"only {meant} dollars today", 0.01) is None
    assert heard(said, meant, 0.0) is None


CARDINALS = re.findall(
    r"\w+",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
    "hundred thousand million billion trillion",
)
ORDINALS = re.findall(r"\w+", "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth")
DIGITS = ["5", "$15", "50", "50%", "51", "105", "1,050", "150th", "1500", "15.90", "15.99", "0.5"]


@pytest.mark.parametrize("words", [CARDINALS, ORDINALS, DIGITS])
def test_never_across_numbers_whichever_they_are(words):
    """Every pair of different numbers, alone and among words that stand there."""
    for meant in words:
        lines = [Line(start=0, end=1, text=f"only {meant} dollars a month", confidence=0.0)]
        for said in words:
            if said != meant:
                assert as_heard(f"only {said} dollars", lines) is None, (said, meant)
                assert as_heard(f"only {said} dolars", lines) is None, (said, meant)
                assert said in meant or as_heard(said, lines) is None, (said, meant)  # "four" stands in "fourteen"
        assert as_heard(f"only {meant} dolars", lines) == f"only {meant} dollars"


@pytest.mark.parametrize(
    "said, text",
    [
        ("not legal", "now legal"),  # short words turn into their opposites
        ("you can win", "you ban win"),
        ("is illegal", "is legal"),
        ("heals cancers tomorrow", "deals dancers tomorrow"),  # most of it is another thing
        ("cures", "procured"),
        ("cures diabetes", "cures all diabetes"),  # no word more, none less
        ("пятьдесят рублей", "пятнадцать рублей"),  # whose numbers nobody here knows
        ("治愈糖尿病", "治愈糖尿丙"),
    ],
)
def test_what_is_not_alike_is_not_found(said, text):
    assert heard(said, text, 0.0) is None


def test_in_a_language_whose_numbers_are_not_known_every_word_must_stand_there():
    assert heard("leczy cukrzyca", "leczy cukrzyce", 0.1, "pl") is None
    assert heard("leczy cukrzyca", "leczy cukrzyce", 0.1, "en-GB") == "leczy cukrzyce"


def test_a_quote_runs_across_lines():
    lines = [Line(start=0, end=1, text="It cures"), Line(start=1, end=2, text="diabetis now.", confidence=0.3)]
    case = Case(id="1", text={"title": "cures diabetis"}, transcript=lines)
    quote = Quote(quote="cures diabetes now", field="transcript")
    assert case.as_shown(quote).quote == "cures diabetis now."
    assert case.find(quote) == (3, 22)
    assert case.find(Quote(quote="cures diabetes", field="title")) is None


def test_a_line_has_both_times_or_none():
    assert Line(text="Cures all").seconds is None and Line(start=1, end=2, text="Cures").seconds == (1, 2)
    with pytest.raises(ValueError, match="give both 'start' and 'end', or neither"):
        Line(start=1, text="Cures")
