"""Each medium is needed: the two clips of a square differ in it alone, so without it nobody can tell them apart."""

from collections import defaultdict
from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest

from data import Case
from data.billboard.motion.script import script
from data.finding import prose_of
from data.media.audio.track import read_track
from data.media.video.choice import FrameChoice
from data.media.video.frames import read_frames

DECIDES = {
    "flash": {"frames"},
    "spoken": {"transcript"},
    "sound": {"sound"},
    "during": {"transcript"},
    "page": {"page"},
    "price": {"transcript"},
}


def differing(one: Case, other: Case) -> set[str]:
    """The media in which two cases differ, all else being alike."""
    assert (one.text, one.rules, one.meta["seconds"]) == (other.text, other.rules, other.meta["seconds"])
    found = {"transcript"} if one.transcript != other.transcript else set()
    paths = [case.path(case.video or "") for case in (one, other)]
    frames = [[np.asarray(frame.image) for frame in read_frames(path, FrameChoice(frames=16))] for path in paths]
    if not all(np.array_equal(a, b) for a, b in zip(*frames, strict=True)):
        found.add("frames")
    if not np.array_equal(*(read_track(path) for path in paths)):  # type: ignore[arg-type]
        found.add("sound")
    pages = [case.path(case.page.path).read_bytes() for case in (one, other) if case.page and case.page.path]
    if pages and pages[0] != pages[1]:
        found.add("page")
    return found


@pytest.mark.parametrize("level", ["motion", "motion-hard", pytest.param("live", marks=pytest.mark.slow)])
def test_clips_of_a_square_differ_in_one_medium(
    drawn: dict[str, dict[str, list[Case]]], recorded: Callable[[list[Case]], list[Case]], level: str
):
    squares = defaultdict(list)
    for case in drawn[level]["test"][:48]:
        squares[case.group].append(case)
    assert {square[0].meta["mechanism"] for square in squares.values()} == set(script().levels[level])
    for square in squares.values():
        pair = recorded([square[0], square[2]])
        assert differing(*pair) == DECIDES[square[0].meta["mechanism"]], square[0].id


def test_near_misses_differ_in_one_fact(drawn: dict[str, dict[str, list[Case]]]):
    """In one line of what the reasoning says is there; where words move, in those of both times; where an object is
    another, in those of words to kids, too, that are said meanwhile."""
    cases = drawn["motion"]["train"]
    for case, other in zip(cases[::4], cases[2::4], strict=True):
        told = [set(prose_of(c.gold.reasoning).splitlines()) for c in (case, other) if c.gold and c.gold.reasoning]
        most = {"during": 2, "flash": 3}.get(case.meta["mechanism"], 1)
        assert all(1 <= len(one - another) <= most for one, another in permutations(told)), case.id


def test_when_words_are_said_does_not_tell_what_is_seen(drawn: dict[str, dict[str, list[Case]]]):
    """To whom frames are not shown: a time at which kids are spoken to goes with either rule being broken."""
    cases = [c for split in ("train", "test") for c in drawn["motion"][split] if c.meta["mechanism"] == "during"]
    by_time = defaultdict(set)
    for case in cases:
        assert case.gold
        by_time[tuple(line.start / case.meta["seconds"] for line in case.transcript)[:1]].add(case.gold.verdict)
    assert all(verdicts == {"approve", "reject"} for verdicts in by_time.values())
