"""The decorator, the contract of a reward, and the ways to name one."""

import math

import pytest

from data import DataError
from rewards import NotApplicable, Reward, RewardError, Score, find_reward, reward
from rewards.testing.small import BOOK, approving, rule_on

RULING = rule_on("approve")


def returning(value: object, name: str = "t_returning") -> Reward:
    def function(ruling, case, excerpt):
        return value

    return Reward(name, function, (0.0, 1.0))


@pytest.mark.parametrize("value", [0, 1, 0.5, True, Score(0.5, "half"), NotApplicable, 1 + 1e-12])
def test_what_a_reward_may_say(value):
    assert returning(value)(RULING, approving(), BOOK) == value


@pytest.mark.parametrize("value", [1.01, -0.01, math.nan, math.inf, None, "1.0x", [1], Score(math.nan), Score(2.0)])
def test_a_broken_contract_names_reward_and_case(value):
    with pytest.raises(RewardError, match=r"'t_returning'.*'c-1'"):
        returning(value)(RULING, approving(), BOOK)


def test_decorated_functions_are_registered_under_their_name():
    @reward(name="t_named", range=(-1, 1))
    def anything(ruling, case, excerpt):
        """What it does."""
        return -1.0

    assert find_reward("t_named") is anything
    assert (anything.range, anything.on_failure, anything.__doc__) == ((-1.0, 1.0), False, "What it does.")
    assert anything(RULING, approving(), BOOK) == -1.0


def test_a_name_is_taken_once_but_a_cell_may_be_run_again():
    def again():
        @reward(name="t_again", range=(0, 1))
        def f(ruling, case, excerpt):
            return 1.0

        return f

    assert again() is not again()
    with pytest.raises(ValueError, match="two rewards are called 'rules'"):

        @reward(name="rules", range=(0, 1))
        def mine(ruling, case, excerpt):
            return 1.0


@pytest.mark.parametrize(
    "function", [lambda ruling, case: 1.0, lambda ruling, case, excerpt, prices: 1.0, lambda: 1.0]
)
def test_a_function_must_take_ruling_case_and_excerpt(function):
    with pytest.raises(ValueError, match=r"'t_odd'.*must take \(ruling, case, excerpt\)"):
        reward(name="t_odd", range=(0, 1))(function)


@pytest.mark.parametrize("bounds", [(1, 0), (0, 0), (0, math.inf), (math.nan, 1)])
def test_a_range_must_be_one(bounds):
    with pytest.raises(ValueError, match="t_range"):
        reward(name="t_range", range=bounds)


def test_params_are_keyword_parameters_of_the_function():
    longer = find_reward("overlong").with_params({"start": 10})
    assert longer.params == {"start": 10}
    with pytest.raises(DataError, match="did you mean 'start'"):
        find_reward("overlong").with_params({"stat": 10})


SOURCE = """
from rewards import reward

@reward(name="{name}", range=(0, 1))
def half(ruling, case, excerpt):
    return 0.5

def plain(ruling, case, excerpt):
    return 0.5
"""


def test_rewards_come_from_files_and_modules(tmp_path, monkeypatch):
    (tmp_path / "own.py").write_text(SOURCE.format(name="t_file"))
    (tmp_path / "t_own_module.py").write_text(SOURCE.format(name="t_module"))
    monkeypatch.syspath_prepend(tmp_path)
    assert find_reward("own.py:half", tmp_path)(RULING, approving(), BOOK) == 0.5
    assert find_reward(f"{tmp_path}/own.py:half")(RULING, approving(), BOOK) == 0.5
    assert find_reward("t_own_module:half")(RULING, approving(), BOOK) == 0.5


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1\ndef f(:\n", r"own\.py:2: cannot be read: SyntaxError: "),
        ("from rewards import reward\n\n@reward(range=(0, 1))\ndef f(): ...\n", r"own\.py:3: .*TypeError: .*'name'"),
    ],
)
def test_a_file_that_cannot_be_read_names_the_line(source, message, tmp_path):
    (tmp_path / "own.py").write_text(source)
    with pytest.raises(DataError, match=message):
        find_reward("own.py:f", tmp_path)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("evidense", "did you mean 'evidence'"),
        ("no_such.module:half", r"no module 'no_such' .*as in no_such/module\.py:function"),
        ("nowhere.py:half", "no such file"),
        ("own.py:haf", "did you mean 'half'"),
        ("own.py:plain", "decorate a function with @reward"),
    ],
)
def test_a_reference_that_leads_nowhere_says_so(reference, message, tmp_path):
    (tmp_path / "own.py").write_text(SOURCE.format(name="t_file"))
    with pytest.raises(DataError, match=message):
        find_reward(reference, tmp_path)
