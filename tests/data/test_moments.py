"""Moments: from when to when evidence is shown or said, and what else is then."""

import pytest

from data import Case, Interval, Quote, Region
from data.moments import frames_in, lines_in, lines_of, seconds_of

CASE = Case.model_validate(
    {
        "id": "1",
        "text": {"title": "It cures"},
        "frames": [{"path": f"{n}.jpg", "time": 1.5 * n} for n in range(5)],
        "transcript": [
            {"start": 0, "end": 2, "text": "Hello."},
            {"start": 2, "end": 4, "text": "It cures"},
            {"start": 4, "end": 5.5, "text": "diabetis now,", "confidence": 0.3},
            {"text": "they say."},
        ],
    }
)


def said(words: str, field: str = "transcript") -> Quote:
    return Quote(quote=words, field=field)


@pytest.mark.parametrize(
    ("words", "lines", "seconds"),
    [
        ("hello", [0], (0, 2)),
        ("it cures diabetis", [1, 2], (2, 5.5)),
        ("cures diabetes", [1, 2], (2, 5.5)),  # misheard
        ("now, they", [2, 3], (4, 5.5)),  # of which one line has no times
        ("they say", [3], None),
        ("hello. it cures diabetis now, they", [0, 1, 2, 3], (0, 5.5)),
        ("never said", [], None),
    ],
)
def test_words_of_the_transcript_are_said_in_their_lines(words, lines, seconds):
    assert lines_of(said(words), CASE) == lines and seconds_of(said(words), CASE) == seconds


def test_other_texts_have_no_time():
    assert lines_of(said("it cures", "title"), CASE) == [] and seconds_of(said("it cures", "title"), CASE) is None


def test_frames_are_moments_and_intervals_are_themselves():
    assert seconds_of(Region(frame=2, region=(0, 0, 1, 1)), CASE) == (3.0, 3.0)
    assert seconds_of(Region(frame=9, region=(0, 0, 1, 1)), CASE) is None
    assert seconds_of(Region(image=0, region=(0, 0, 1, 1)), CASE) is None
    assert seconds_of(Interval(interval=(1, 2.5)), CASE) == (1, 2.5)


@pytest.mark.parametrize(
    ("seconds", "lines", "frames"),
    [
        ((2, 4), [1], [2]),  # lines that only end or begin there have nothing in it
        ((1.9, 4.1), [0, 1, 2], [2]),
        ((3, 6), [1, 2], [2, 3, 4]),
        ((4, 4), [1, 2], []),  # a moment between two lines is of both
        ((3, 3), [1], [2]),
        ((50, 60), [], []),
    ],
)
def test_what_is_shown_and_said_within_seconds(seconds, lines, frames):
    assert lines_in(seconds, CASE) == lines and frames_in(seconds, CASE) == frames


def test_only_what_runs_has_seconds():
    timeless = Case.model_validate({"id": "1", "transcript": [{"text": "It cures"}]})
    assert not timeless.runs and timeless.last_second is None
    assert CASE.runs and CASE.last_second == 6.0
    assert Case(id="1", audio="a.wav").runs and Case(id="1", audio="a.wav").last_second is None
