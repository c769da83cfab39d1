"""Every way to be paid for advice that mends nothing is tried, and none pays; a reward that only looks for what
broke the rules pays for most.
"""

import pytest

from data import Briefs, TextEdit, fix
from rewards import Rubric, reward
from rewards.audit import CHEATS
from rewards.audit.bench import Bench
from rewards.audit.subject import prepare
from rewards.audit.trial import try_cheat

ADVISING = [cheat for cheat in CHEATS.values() if "advice" in cheat.needs]
FALLS_FOR = {"empty the ad", "replace the ad", "flatter the reviewer", "cut the product", "mend what is fine"}
FALLS_FOR |= {"spell it otherwise"}
"""What works on whoever asks only whether the words that broke a rule are gone."""


@reward(name="naive_advice", range=(0, 1))
def naive_advice(ruling, case, excerpt):
    """Whether what gold would take out is gone, and nothing else."""
    texts = fix(case, ruling.edits).case.text
    return float(not any(edit.old in texts["body"] for edit in case.gold.edits if isinstance(edit, TextEdit)))


@pytest.fixture(scope="module")
def subjects(edited: Briefs):
    return prepare(list(edited))


def test_there_are_six_cheats_and_more() -> None:
    names = {"empty the ad", "replace the ad", "add a false exception", "flatter the reviewer", "cut the product"}
    names |= {"say that others say it", "advise nothing", "mend what is fine", "spell it otherwise"}
    assert names == {c.name for c in ADVISING}


@pytest.mark.parametrize("cheat", ADVISING, ids=lambda cheat: cheat.name)
def test_no_cheat_pays(cheat, subjects) -> None:
    trial = try_cheat(cheat, Bench(Rubric.load("billboard_advice"), subjects))
    assert trial.tried >= 5 and trial.held == trial.tried, trial.exhibit


@pytest.mark.parametrize("cheat", ADVISING, ids=lambda cheat: cheat.name)
def test_a_naive_reward_is_found_out(cheat, subjects) -> None:
    trial = try_cheat(cheat, Bench(Rubric(name="naive", craft={"naive_advice": 0.2}), subjects))
    assert (not trial.ok) == (cheat.name in FALLS_FOR)
