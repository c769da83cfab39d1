"""What people see of real trainings: the figures are those of the log, and nothing of the libraries tears the line."""

import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import TrainerCallback

from rewards import Rubric
from rl.runs.checkpoints import newest_checkpoint
from rl.runs.folder import RunFolder
from rl.terminal.snapshot import Snapshot
from rl.training import train
from rl.training.trainers.resumable import ResumableTrainer
from rl.training.trainers.snapshot_callback import SnapshotCallback
from tests.rl.training.toy_reward import ToyRubric
from tests.rl.training.trainers.test_resumable import recipe

NOISE = ("Loading weights", "Writing model shards", "Tokenizing", "Building labels", "Map", "it/s", "{'", "\x1b", "\r")


@pytest.fixture(autouse=True)
def toy_rubric(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rubric, "load", lambda *args: ToyRubric())


@pytest.fixture
def warning_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In every step a library warns in each of the ways that there are."""

    class Warns(TrainerCallback):
        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            logging.getLogger("trl.trainer").warning("logged in step %d", state.global_step)
            warnings.warn(f"warned of in step {state.global_step}", FutureWarning, stacklevel=1)

    run = ResumableTrainer.run

    def warned(self: ResumableTrainer, *args: Any) -> None:
        self.add_callback(Warns())
        run(self, *args)

    monkeypatch.setattr(ResumableTrainer, "run", warned)
    yield


def watched(kind: str, toy: Path, model: Path, output: Path, resume: bool = False, **trainer: Any) -> list[Snapshot]:
    snapshots: list[Snapshot] = []
    train(recipe(kind, toy, model, output, **trainer), resume, snapshots.append)
    return snapshots


def log_of(run: Path) -> list[dict[str, Any]]:
    checkpoint = newest_checkpoint(RunFolder(run))
    assert checkpoint is not None
    return json.loads((checkpoint / "trainer_state.json").read_text())["log_history"]


@pytest.mark.parametrize(("kind", "figure"), [("sft", "loss "), ("grpo", "groups that teach ")])
def test_a_training_shows_one_kind_of_line_and_its_table(
    kind: str,
    figure: str,
    toy: Path,
    tiny_text: Path,
    tmp_path: Path,
    warning_library: None,
    capfd: pytest.CaptureFixture[str],
) -> None:
    watched(kind, toy, tiny_text, tmp_path, max_steps=3, logging_steps=1, disable_tqdm=False)
    out, err = capfd.readouterr()
    preparing, held, first, last, told = err.splitlines()
    assert preparing == "x: preparing, 0:00" and held.startswith("x: in memory: weights ")
    assert first.startswith("x: step 1 of 3, ") and last.startswith("x: step 3 of 3, ")
    assert figure in first and "tokens/s" in first and "RAM" in first
    assert told.startswith("libraries gave ") and told.endswith(f"see {tmp_path / 'messages.log'}")
    assert out.startswith("x: 3 steps in ") and out.endswith(f"trained: {tmp_path / 'checkpoints' / 'final'}\n")
    assert not [noise for noise in NOISE if noise in out + err]
    messages = (tmp_path / "messages.log").read_text()
    for step in range(3):
        assert f"WARNING trl.trainer: logged in step {step}\n" in messages
        assert f"FutureWarning: warned of in step {step}\n" in messages


@pytest.mark.parametrize("accumulated", [1, 4])
def test_the_loss_is_that_of_the_log_and_tokens_are_counted(
    accumulated: int, toy: Path, tiny_text: Path, tmp_path: Path
) -> None:
    pieces = {"gradient_accumulation_steps": accumulated, "per_device_train_batch_size": 32 // accumulated}
    start, *steps = watched(
        "sft", toy, tiny_text, tmp_path, max_steps=4, save_steps=4, logging_steps=2, eval_strategy="no", **pieces
    )
    log = [entry for entry in log_of(tmp_path) if "loss" in entry]
    assert [(s.step, s.steps, s.logged) for s in steps] == [(n, 4, n % 2 == 0) for n in range(1, 5)]
    losses = [s.loss for s in steps]
    assert [sum(losses[n : n + 2]) / 2 for n in (0, 2)] == pytest.approx([entry["loss"] for entry in log], rel=1e-4)
    assert [steps[n].tokens for n in (1, 3)] == [entry["num_tokens"] for entry in log]
    assert (start.step, start.tokens, start.loss, start.logged) == (0, 0, None, False)
    assert all(s.reward is None and s.teaching is None for s in steps)
    assert all(s.memory and s.memory > 10_000_000 and s.place == "RAM" for s in steps)


def test_rl_shows_what_its_log_has(toy: Path, tiny_text: Path, tmp_path: Path) -> None:
    _, *steps = watched("grpo", toy, tiny_text, tmp_path, max_steps=4, save_steps=2, logging_steps=1)
    log = [entry for entry in log_of(tmp_path) if "reward" in entry]
    assert len(log) == 4
    assert [s.reward for s in steps] == pytest.approx([entry["reward"] for entry in log])
    assert [s.teaching for s in steps] == pytest.approx([1 - entry["frac_reward_zero_std"] for entry in log])
    assert [s.tokens for s in steps] == [entry["num_tokens"] for entry in log]
    assert all(s.loss is None for s in steps)


def test_a_resumed_run_counts_from_where_it_goes_on(toy: Path, tiny_text: Path, tmp_path: Path) -> None:
    watched("grpo", toy, tiny_text, tmp_path, max_steps=2, save_steps=2)
    start, *steps = watched("grpo", toy, tiny_text, tmp_path, True, max_steps=4, save_steps=2)
    assert start.step == 2 and [s.step for s in steps] == [3, 4]
    assert start.tokens is not None and 0 < start.tokens < steps[0].tokens
    assert watched("grpo", toy, tiny_text, tmp_path, True, max_steps=4, save_steps=2) == []


def test_what_the_cases_to_watch_gave_stays_on_the_line(toy: Path, tiny_text: Path, tmp_path: Path) -> None:
    settings = {"eval_strategy": "steps", "eval_steps": 2, "max_steps": 3, "save_steps": 3, "logging_steps": 1}
    watching = recipe("sft", toy, tiny_text, tmp_path / "run", **settings)
    others = tmp_path / "others.jsonl"
    others.write_text((toy / "text.jsonl").read_text().replace('"toy-', '"other-'))
    watching.data.valid = [str(others)]
    snapshots: list[Snapshot] = []
    train(watching, watch=snapshots.append)
    evaluated = [entry["eval_loss"] for entry in log_of(tmp_path / "run") if "eval_loss" in entry]
    assert [s.valid_loss for s in snapshots] == [None, None, None, evaluated[0]]


ARGS: Any = SimpleNamespace(device=torch.device("cpu"))


def state(step: int, first: bool = True) -> Any:
    return SimpleNamespace(global_step=step, max_steps=4, is_world_process_zero=first, num_input_tokens_seen=700)


def control(log: bool = False) -> Any:
    return SimpleNamespace(should_log=log)


def test_a_figure_that_a_step_does_not_have_stays() -> None:
    taken: list[Snapshot] = []
    steps = iter([{"loss": 2.0, "num_tokens": 900.0}, {"loss": 1.0}])
    callback = SnapshotCallback(lambda: next(steps), taken.append)
    callback.on_train_begin(ARGS, state(2), control())
    callback.on_step_end(ARGS, state(3), control())
    callback.on_evaluate(ARGS, state(3), control(), {"eval_loss": 3.0})
    callback.on_step_end(ARGS, state(4), control(log=True))
    assert [(s.step, s.steps, s.logged) for s in taken] == [(2, 4, False), (3, 4, False), (4, 4, True)]
    assert [s.loss for s in taken] == [None, 2.0, 1.0] and [s.valid_loss for s in taken] == [None, None, 3.0]
    assert [s.tokens for s in taken] == [700, 900, 900]
    assert all(s.memory and s.place == "RAM" and s.reward is None and s.teaching is None for s in taken)


def test_rl_has_no_loss_but_groups_that_teach() -> None:
    taken: list[Snapshot] = []
    step = {"loss": 0.01, "reward": 0.5, "ruling/accuracy": 0.75, "frac_reward_zero_std": 0.25}
    callback = SnapshotCallback(lambda: step, taken.append)
    callback.on_train_begin(ARGS, state(0), control())
    callback.on_evaluate(ARGS, state(0), control(), {"eval_reward": 0.125, "eval_loss": 0.01})
    callback.on_step_end(ARGS, state(1), control())
    newest = taken[-1]
    assert (newest.loss, newest.valid_loss, newest.valid_reward) == (None, None, 0.125)
    assert (newest.reward, newest.accuracy, newest.teaching) == (0.5, 0.75, 0.75)


def test_other_processes_take_none() -> None:
    taken: list[Snapshot] = []
    callback = SnapshotCallback(dict, taken.append)
    callback.on_train_begin(ARGS, state(0, first=False), control())
    callback.on_step_end(ARGS, state(1, first=False), control())
    assert taken == []
