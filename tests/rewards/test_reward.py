"""The decorator, the contract of a reward, and the ways to name one."""

import importlib.util
import math
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from data import DataError
from rewards import NotApplicable, Reward, RewardError, Rubric, Score, find_reward, reward
from rewards.lookup import code_of
from rewards.testing.small import BOOK, approving, rule_on

RULING = rule_on("approve")
ENV = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


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


def imported(name: str, path: Path) -> ModuleType:
    """The file as a module of this name, as test runners import it."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("order", ["import first", "rubric first"])
@pytest.mark.parametrize("name", ["t_same_file", "tests.deeply.t_same_file", "conftest"])
def test_a_file_that_is_imported_and_named_by_a_rubric_is_one_reward(name, order, tmp_path, monkeypatch):
    path, called = tmp_path / "t_same_file.py", f"t same, {name}, {order}"
    path.write_text(SOURCE.format(name=called))
    monkeypatch.chdir(tmp_path)
    steps = [lambda: imported(name, path).half, lambda: find_reward("t_same_file.py:half")]
    for step in steps if order == "import first" else reversed(steps):
        assert step()(RULING, approving(), BOOK) == 0.5
    (tmp_path / "linked.py").symlink_to(path)
    card = Rubric(name="t", craft={"linked.py:half": 0.2}).score(RULING, approving(), BOOK)
    assert card[called].contribution == pytest.approx(0.1)


def test_a_program_may_name_itself_in_a_rubric(tmp_path):
    """Also one that does not ask whether it is the program, and one that imports itself."""
    text = SOURCE.format(name="mine") + (
        "print('run')\n"
        "from rewards import Rubric\n"
        "print(Rubric(name='t', craft={'my_rewards.py:half': 0.2}).entries[-1].name)\n"
    )
    (tmp_path / "my_rewards.py").write_text(text)
    for program in (["my_rewards.py"], ["-m", "my_rewards"]):
        done = subprocess.run([sys.executable, *program], cwd=tmp_path, env=ENV, capture_output=True, text=True)
        assert done.stdout.split() == ["run", "mine"], done.stderr
    done = subprocess.run(
        [sys.executable, "-c", "import my_rewards"], cwd=tmp_path, env=ENV, capture_output=True, text=True
    )
    assert done.stdout.split() == ["run", "run", "mine", "mine"], done.stderr


def test_an_edited_file_takes_the_place_of_what_it_was(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(SOURCE.format(name="t_edited"))
    before = find_reward(f"{path}:half")
    path.write_text(SOURCE.format(name="t_edited").replace("0.5", "0.25").replace("half", "quarter"))
    os.utime(path, ns=(1, 1))
    quarter = find_reward(f"{path}:quarter")
    assert quarter(RULING, approving(), BOOK) == 0.25 and before(RULING, approving(), BOOK) == 0.5
    assert find_reward("t_edited") is quarter
    path.write_text("1 / 0")
    os.utime(path, ns=(2, 2))
    with pytest.raises(DataError, match=r"own\.py:1: cannot be read: ZeroDivisionError"):
        find_reward(f"{path}:quarter")
    assert find_reward("t_edited") is quarter


@pytest.mark.parametrize("same", ["file", "function"])
def test_two_different_functions_of_one_name_are_an_error(same, tmp_path):
    path, other = tmp_path / "t_one.py", tmp_path / "t_two.py"
    path.write_text(SOURCE.format(name=f"t_two_{same}"))
    find_reward(f"{path}:half")
    if same == "function":
        other.write_text(path.read_text())
    else:
        other = path
        path.write_text(path.read_text() + path.read_text().replace("def half", "def third"))
        os.utime(path, ns=(1, 1))
    with pytest.raises(DataError, match=rf"two rewards are called 't_two_{same}': .*:half and .*:(half|third)"):
        find_reward(f"{other}:half")


def test_a_file_may_hold_dataclasses_with_postponed_hints(tmp_path):
    (tmp_path / "t_hints.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom rewards import BatchReward\n\n"
        "@dataclass(kw_only=True)\nclass Half(BatchReward):\n    name = 't_hints'\n    share: float = 0.5\n"
        "    def score_batch(self, items): return [self.share] * len(items)\n"
    )
    assert find_reward("t_hints.py:Half", tmp_path)().share == 0.5


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("evidence", None),
        ("judge", None),
        ("my.module:half", "my.module"),
        ("own.py:half", "folder/own.py"),
        ("/there/own.py:half", "/there/own.py"),
    ],
)
def test_what_is_run_to_find_a_reward_is_told(reference, code):
    assert code_of(reference, "folder") == code


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
