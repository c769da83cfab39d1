"""Whole runs at the desk: PPO, one that is killed and goes on, two processes, and what is refused."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from data import DataError
from data.reading.loading import save_cases
from rewards import Rubric
from rl.config.policy import GRPORecipe, PPORecipe
from rl.runs.rollouts import read_rollouts
from rl.training.launch.settings import CONFIGS
from rl.training.registry import stage_of, train
from tests.rl.conftest import toy_book
from tests.rl.training import desk_worker
from tests.rl.training.test_desk_grpo import mixed
from tests.rl.training.toy_reward import ToyRubric

WORKER = Path(desk_worker.__file__)
COMMON: dict[str, Any] = {
    "report_to": "none",
    "gradient_checkpointing": False,
    "learning_rate": 1e-3,
    "disable_tqdm": True,
    "logging_steps": 1,
    "max_completion_length": 12,
}


def recipe(kind: type, folder: Path, model: Path, output: str, **trainer: Any) -> Any:
    if not (folder / "cases.jsonl").is_file():
        save_cases([brief.case for brief in mixed(folder)], folder / "cases.jsonl")
        toy_book().dump(folder / "rules.yaml")
    data = {"train": [str(folder / "cases.jsonl")], "rulebook": str(folder / "rules.yaml"), "template": "compact"}
    desk = {"tools": ["zoom", "read"], "max_calls": 2, "max_tokens": 60, "picture_side": 56}
    own = {"critic": {"layout": "trunk"}, "kl": {"coefficient": 0.1}} if kind is PPORecipe else {}
    return kind(
        name="desk", output=folder / output, model={"path": str(model)}, data=data, rubric="toy", desk=desk,
        trainer=COMMON | trainer, **own,
    )  # fmt: skip


def run(chosen: Any, *options: str, processes: int = 0) -> subprocess.CompletedProcess:
    file = chosen.output.with_suffix(".json")
    file.write_text(chosen.model_dump_json(exclude={"model": {"tiny"}}))
    alone = [sys.executable, str(WORKER), str(file), chosen.kind, *options]
    launcher = [sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(CONFIGS / "zero2.yaml")]
    several = [*launcher, "--num_processes", str(processes), *alone[1:]]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "DS_ACCELERATOR": "cpu"}
    return subprocess.run(several if processes else alone, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("layout", ["trunk", "head"])
def test_ppo_learns_from_every_token_of_the_policy_s_and_from_no_other(
    layout: str, tiny_vl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from rl.training.trainers.policy import PolicyTrainer
    from rl.training.trainers.ppo import RulingPPOTrainer

    seen: list[tuple[torch.Tensor, ...]] = []
    weigh, write = RulingPPOTrainer.advantages_of, PolicyTrainer._generate_single_turn

    def spied(self: Any, output: dict, totals: torch.Tensor) -> torch.Tensor:
        told = output["tool_mask"].clone() * output["completion_mask"]
        advantages = weigh(self, output, totals)
        seen.append((told, advantages, output["returns"], output["old_values"]))
        return advantages

    def asks(self: Any, prompts: list, *arguments: Any, **options: Any) -> Any:
        written, known = write(self, prompts, *arguments, **options)
        text = desk_worker.CALLS[len(prompts[0]) % 2] + "<|im_end|>"
        ids = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return [ids if place % 2 else row for place, row in enumerate(written)], known

    monkeypatch.setattr(RulingPPOTrainer, "advantages_of", spied)
    monkeypatch.setattr(PolicyTrainer, "_generate_single_turn", asks)
    monkeypatch.setattr(Rubric, "load", lambda *asked: ToyRubric())
    chosen = recipe(
        PPORecipe, tmp_path, tiny_vl, "run", max_steps=4, per_device_train_batch_size=4, steps_per_generation=2,
        num_generations=1, save_strategy="no",
    )  # fmt: skip
    chosen.critic.layout = layout
    train(chosen)
    assert len(seen) == 2
    for told, advantages, returns, values in seen:
        assert (told == 0).any(dim=1).any() and told.any()
        assert not advantages[told == 0].any() and not returns[told == 0].any()
        assert advantages[told == 1].ne(0).float().mean() > 0.5 and values[told == 1].isfinite().all()
    rollouts = read_rollouts(chosen.output)
    assert {len(rollout.episode.turns) for rollout in rollouts} > {1}


def test_what_cannot_be_is_refused_before_it_begins(tiny_vl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    own = tmp_path / "tools.py"
    own.write_text('def note(text: str) -> str:\n    """Write it down."""\n    return text\n')
    monkeypatch.setattr(Rubric, "load", lambda *asked: ToyRubric())
    sizes = {"max_steps": 1, "per_device_train_batch_size": 8, "num_generations": 2, "scale_rewards": "batch"}
    chosen = recipe(GRPORecipe, tmp_path, tiny_vl, "run", **sizes)
    chosen.desk = chosen.desk.model_copy(update={"tools": (f"{own}:note",)})
    with pytest.raises(DataError, match="'note' may change something"):
        train(chosen)
    tight = recipe(GRPORecipe, tmp_path, tiny_vl, "tight", **sizes | {"max_completion_length": 120})
    assert stage_of(tight).reserved(tight.arguments()) == 4 * 120 + 60
    with pytest.raises(DataError, match="540 more for the completion"):
        train(tight)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", [GRPORecipe, PPORecipe])
def test_a_run_that_is_killed_goes_on_as_if_it_had_not_been(kind: type, tiny_vl: Path, tmp_path: Path):
    sizes = {"max_steps": 8, "save_steps": 2, "per_device_train_batch_size": 8, "steps_per_generation": 2,
             "num_generations": 2 if kind is GRPORecipe else 1, "save_total_limit": 1}  # fmt: skip
    if kind is GRPORecipe:
        sizes["scale_rewards"] = "batch"
    else:
        sizes["per_device_train_batch_size"] = 4  # as many cases as there are, one completion each
    whole, killed = (recipe(kind, tmp_path, tiny_vl, name, **sizes) for name in ("whole", "killed"))
    done = run(whole)
    assert done.returncode == 0, done.stderr[-3000:]
    step = random.Random(1).choice([3, 5])
    assert run(killed, "--kill-at", str(step)).returncode == -signal.SIGKILL
    done = run(killed, "--resume")
    assert done.returncode == 0, done.stderr[-3000:]
    assert read_rollouts(killed.output) == read_rollouts(whole.output)
    assert max(len(rollout.episode.turns) for rollout in read_rollouts(whole.output)) > 1
    for name, weight in weights(whole).items():
        assert torch.equal(weights(killed)[name], weight), name


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_processes_write_unequally_many_turns_under_zero2(tiny_vl: Path, tmp_path: Path):
    pytest.importorskip("deepspeed")
    chosen = recipe(
        GRPORecipe, tmp_path, tiny_vl, "run", max_steps=3, per_device_train_batch_size=4, num_generations=2,
        scale_rewards="batch", save_strategy="no",
    )  # fmt: skip
    told = tmp_path / "told.json"
    done = run(chosen, "--tell", str(told), processes=2)
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(told.read_text())
    assert (said["wrapper"], said["processes"]) == ("DeepSpeedEngine", 2)
    assert sum("loss" in entry for entry in said["log"]) == 3
    rollouts = read_rollouts(chosen.output)
    rounds = [[len(r.episode.turns) for r in rollouts[start : start + 4]] for start in range(0, len(rollouts), 4)]
    assert any(max(first) != max(second) for first, second in zip(rounds[::2], rounds[1::2], strict=True))


def weights(chosen: Any) -> dict[str, torch.Tensor]:
    files = (chosen.output / "checkpoints" / "final").glob("*.safetensors")
    return {name: weight for file in files for name, weight in load_file(file).items()}
