"""A reward that is slow or fails costs its completions, not the run; one that fails too often stops it."""

import time
from pathlib import Path

import pytest

from data import Briefs, Ruling
from prompts import write
from rewards import RewardFunction, Rubric, TooManyUnscored, reward
from rl import cli
from rl.runs.rollouts import read_rollouts
from tests.rl.conftest import toy_briefs
from tests.rl.training.test_grpo import make_trainer

SECONDS = 5.0


@reward(name="t_five_seconds", range=(0, 1))
def five_seconds(ruling, case, excerpt):
    time.sleep(SECONDS)
    return 1.0


@reward(name="t_fails_for_some", range=(0, 1))
def fails_for_some(ruling, case, excerpt, *, numbers: list[int]):
    if int(case.id.removeprefix("toy-")) in numbers:
        raise ConnectionError(f"no answer about {case.id}")
    return 1.0


@pytest.fixture(autouse=True)
def fluent(monkeypatch: pytest.MonkeyPatch):
    """The untrained policy writes rulings: what is none earns the floor, whatever fails."""
    said = write(Ruling(reasoning="PRIZE-1: no.", verdict="approve", confidence=0.5))
    monkeypatch.setattr("rl.generation.decode.completion_text", lambda tokenizer, ids, ends: said)


@pytest.fixture
def briefs(toy: Path) -> Briefs:
    return toy_briefs(toy / "text.jsonl", 4)


class Timed(RewardFunction):
    """Notes how many seconds each step waits for it."""

    def score(self, *args, **settings):
        start = time.monotonic()
        cards = super().score(*args, **settings)
        self.seconds = [*getattr(self, "seconds", []), time.monotonic() - start]
        return cards


def train(briefs: Briefs, model: Path, output: Path, **settings):
    rubric = Rubric(name="t", **settings)
    reward = Timed("t", lambda progress: rubric.plan, rubric.unscored_limit, briefs)
    trainer = make_trainer(briefs, model, output, reward)
    trainer.train()
    return trainer


def test_five_seconds_for_each_completion_cost_a_step_the_limit_of_one(briefs, tiny_text: Path, tmp_path: Path):
    slow = {"t_five_seconds": 0.5}
    trainer = train(briefs, tiny_text, tmp_path, penalties=slow, time_limit=1.0, unscored_limit=1.0)
    assert trainer.state.global_step == 2
    assert len(trainer.reward.seconds) == 2 and all(1.0 <= seconds < 2.5 for seconds in trainer.reward.seconds)
    rollouts = read_rollouts(tmp_path)
    assert len(rollouts) == 32
    for rollout in rollouts:
        assert (rollout.total, rollout.advantage, rollout.rewards["t_five_seconds"]) == (None, 0.0, None)
        assert rollout.errors == {"t_five_seconds": "TimeoutError: took longer than 1 s"}
        assert rollout.rewards["calibration"] == 0.75  # the others have had their say


def test_what_is_unscored_is_logged_by_reward_and_case(briefs, tiny_text: Path, tmp_path: Path):
    penalties = {"t_fails_for_some": {"weight": 0.5, "numbers": [2]}}
    history = train(briefs, tiny_text, tmp_path, penalties=penalties).state.log_history
    assert history[0]["ruling/unscored"] == history[0]["ruling/unscored/t_fails_for_some"] == 0.25
    rollouts = read_rollouts(tmp_path)
    assert {r.episode.case for r in rollouts if r.total is None} == {"toy-2"}
    for r in rollouts:
        told = {name: error.partition(" (test_grpo_faults.py:")[0] for name, error in r.errors.items()}
        failed = {"t_fails_for_some": "ConnectionError: no answer about toy-2"}
        assert told == (failed if r.episode.case == "toy-2" else {})
        assert r.rewards["t_fails_for_some"] == (None if r.episode.case == "toy-2" else 1.0)


def test_too_many_stop_the_run_and_say_why(briefs, tiny_text: Path, tmp_path: Path):
    penalties = {"t_fails_for_some": {"weight": 0.5, "numbers": [2, 3]}}
    message = r"8 of 16 completions could not be scored.* allows 25%.*'t_fails_for_some' on 8; .* no answer about toy-"
    with pytest.raises(TooManyUnscored, match=message):
        train(briefs, tiny_text, tmp_path, penalties=penalties)


def test_the_command_line_says_it_in_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def fail():
        raise TooManyUnscored("8 of 16 completions could not be scored \x1b[31m[red]")

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    said = capsys.readouterr().err
    assert stopped.value.code == 1 and "8 of 16" in said and "[red]" in said
    assert "\x1b[31m" not in said and "Traceback" not in said
