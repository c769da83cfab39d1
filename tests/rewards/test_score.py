"""A fault names the line of the reward's own file: not that of ours, and not that of a library."""

import re
import textwrap

import pytest

from data import Brief, Briefs
from rewards import RewardError, Rubric, TooManyUnscored, reward
from rewards.score import Score, checked
from rewards.testing.small import BOOK, approving, ideal

BRIEF = Brief.of(approving(), BOOK)

OWN = """
import functools, json
from concurrent.futures import ThreadPoolExecutor
from rewards import BatchReward, reward
from helper import helps

def logged(function):
    @functools.wraps(function)
    def run(*args, **settings):
        return function(*args, **settings)
    return run

@reward(name="t_place", range=(0, 1))
@logged
def place(ruling, case, excerpt, *, how: str = "own"):
    if how == "library":
        json.loads("{")  # library
    if how == "helper":
        helps()  # helper
    if how == "value":
        return 7.0
    return [][2]  # own

class Batch(BatchReward):
    name = "t_place_batch"
    def __init__(self, how: str = "raised"):
        self.how = how
    def score_batch(self, items):
        if self.how == "raised":
            return [item.case.meta["market"] for item in items]  # raised
        if self.how == "made":
            return [RuntimeError("429") for _ in items]
        with ThreadPoolExecutor(1) as pool:
            return [pool.submit(self.ask).exception() for _ in items]
    def ask(self):
        raise ConnectionError("gone")  # caught
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A reward file with a helper of its own beside it, as what loads a rubric of one of its rewards."""
    (tmp_path / "own.py").write_text(textwrap.dedent(OWN))
    (tmp_path / "helper.py").write_text("def helps():\n    raise RuntimeError('helpless')\n")
    monkeypatch.syspath_prepend(tmp_path)
    return lambda name, how: Rubric(
        name="t", folder=str(tmp_path), unscored_limit=0, penalties={f"own.py:{name}": {"weight": 0.1, "how": how}}
    )


def line_of(comment: str) -> int:
    (line,) = (number for number, text in enumerate(OWN.splitlines(), start=1) if text.endswith(f"# {comment}"))
    return line


@pytest.mark.parametrize(
    ("name", "how", "said"),
    [
        ("place", "own", "IndexError: list index out of range"),
        ("place", "library", "JSONDecodeError: Expecting property name"),
        ("place", "helper", "RuntimeError: helpless"),
        ("Batch", "raised", "KeyError: 'market'"),
        ("Batch", "caught", "ConnectionError: gone"),
    ],
)
def test_the_innermost_line_of_its_own_file_is_named(own, name, how, said):
    (card,) = own(name, how).score_many([ideal(BRIEF.case)], [BRIEF])
    (fault,) = card.unscored
    assert fault.error.startswith(said) and fault.error.endswith(f" (own.py:{line_of(how)})")
    assert card[fault.reward].reason == fault.error


@pytest.mark.parametrize(("name", "how"), [("place", "value"), ("Batch", "made")])
def test_where_nothing_of_its_own_was_under_way_no_line_is_named(own, name, how):
    (card,) = own(name, how).score_many([ideal(BRIEF.case)], [BRIEF])
    assert ".py" not in card.unscored[0].error


def test_what_stops_a_run_and_what_is_logged_name_it_too(own, caplog):
    function = own("place", "own").reward_func(Briefs([BRIEF], BOOK))
    place = re.escape(f"IndexError: list index out of range (own.py:{line_of('own')})")
    with pytest.raises(TooManyUnscored, match=place):
        function.check(function.score([ideal(BRIEF.case)], [BRIEF.id]))
    assert re.search(place, caplog.text)


def test_what_is_checked_holds_a_float():
    assert checked(Score(1, "whole", {"a": 1.0}), "t", (0, 1), "c-1") == Score(1.0, "whole", {"a": 1.0})
    assert all(type(said) is float for said in (checked(True, "t", (0, 1), "c-1"), checked(1, "t", (0, 1), "c-1")))
    assert type(checked(Score(1), "t", (0, 1), "c-1").value) is float
    with pytest.raises(RewardError, match=r"reward 't' returned 1\.5, outside of its range \[0, 1\] \(case 'c-1'\)"):
        checked(Score(1.5), "t", (0, 1), "c-1")


@reward(name="t_scores_an_integer", range=(0, 1))
def scores_an_integer(ruling, case, excerpt):
    return Score(1)


def test_a_score_of_a_whole_number_counts():
    card = Rubric(name="t", penalties={"t_scores_an_integer": 0.25}).score(ideal(BRIEF.case), BRIEF.case, BOOK)
    assert card["t_scores_an_integer"].contribution == -0.25
