"""The acceptance test of resuming: processes killed at random steps, against one that was left alone."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from rl.config.cases import MasteredConfig
from rl.config.model import ModelConfig
from rl.config.policy import GRPORecipe, PPORecipe
from rl.config.train import RewardRecipe, SFTRecipe, TrainRecipe
from rl.models.load import load_model
from rl.runs.checkpoints import newest_checkpoint, step_of
from rl.runs.folder import RunFolder
from rl.runs.rollouts import read_rollouts
from tests.rl.conftest import toy_briefs
from tests.rl.preferences import save_halves

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SCRIPT = Path(__file__).parent / "killable.py"
EPOCH, STEPS, SAVE = 8, 20, 4
COMMON = {
    "max_steps": STEPS,
    "save_steps": SAVE,
    "logging_steps": 4,
    "report_to": "none",
    "gradient_checkpointing": False,
    "learning_rate": 1e-3,
    "disable_tqdm": True,
    "save_total_limit": 1,
}


def sft(toy: Path, model: Path, output: Path) -> SFTRecipe:
    trainer = COMMON | {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 2}
    return SFTRecipe(name="killed", output=output, model={"path": str(model)}, data=data(toy), trainer=trainer)


def grpo(toy: Path, model: Path, output: Path) -> GRPORecipe:
    trainer = COMMON | {
        "per_device_train_batch_size": 16,
        "steps_per_generation": 2,
        "num_generations": 2,
        "max_completion_length": 12,
        "scale_rewards": "batch",
    }
    return GRPORecipe(
        name="killed", output=output, model={"path": str(model)}, data=data(toy), rubric="toy", trainer=trainer
    )


def choosing(toy: Path, model: Path, output: Path) -> GRPORecipe:
    """GRPO that draws other cases for those that teach nothing, and those that are mastered less often."""
    recipe = grpo(toy, model, output)
    return recipe.model_copy(update={"refill": 2, "mastered": MasteredConfig(pass_rate=0.5)})


def ppo(toy: Path, model: Path, output: Path) -> PPORecipe:
    trainer = COMMON | {
        "per_device_train_batch_size": 8,
        "steps_per_generation": 2,
        "num_generations": 1,
        "max_completion_length": 12,
    }
    return PPORecipe(
        name="killed",
        output=output,
        model={"path": str(model)},
        data=data(toy),
        rubric="toy",
        critic={"layout": "trunk", "pretraining_steps": 6},
        kl={"coefficient": 0.1, "target": 0.01, "horizon": 100},
        trainer=trainer,
    )


def reward(toy: Path, model: Path, output: Path) -> RewardRecipe:
    pairs, _ = save_halves(toy_briefs(toy / "cases.jsonl"), output.with_suffix(".pairs"))
    trainer = COMMON | {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 2}
    return RewardRecipe(
        name="killed", output=output, model={"path": str(model)}, data=data(toy), pairs=str(pairs), trainer=trainer
    )


def data(toy: Path) -> dict:
    return {"train": [str(toy / "cases.jsonl")], "rulebook": str(toy / "rules.yaml"), "template": "compact"}


def start(recipe: TrainRecipe, *options: str) -> subprocess.CompletedProcess:
    file = recipe.output.with_suffix(".json")
    file.write_text(recipe.model_dump_json(exclude={"model": {"tiny"}}))
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(file), recipe.kind, *options],
        env=os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
    )


def finish(recipe: TrainRecipe, *options: str) -> None:
    done = start(recipe, *options)
    assert done.returncode == 0, done.stderr[-3000:]


def kill(recipe: TrainRecipe, *options: str) -> None:
    done = start(recipe, *options)
    assert done.returncode == -signal.SIGKILL, done.stderr[-3000:]


@pytest.mark.parametrize("make", [sft, grpo, choosing, ppo, reward])
def test_a_run_killed_again_and_again_ends_like_one_that_was_not(make, toy: Path, tiny_vl: Path, tmp_path: Path):
    whole, killed = make(toy, tiny_vl, tmp_path / "whole"), make(toy, tiny_vl, tmp_path / "killed")
    finish(whole)

    draw = random.Random(2)
    first = draw.choice([step for step in range(SAVE + 1, EPOCH) if step % SAVE])  # in epoch 1, between checkpoints
    second = draw.randrange(EPOCH + 1, 2 * EPOCH)  # in epoch 2
    third = draw.choice(
        [step for step in range(2 * EPOCH + 1, STEPS) if step % SAVE]
    )  # in epoch 3, between checkpoints
    kill(killed, "--kill-at", str(first))
    assert saved(killed) == SAVE
    kill(killed, "--resume", "--kill-at", str(second))
    kill(killed, "--resume", "--kill-in-save", str(2 * EPOCH))
    assert saved(killed) == 2 * EPOCH - SAVE, "the newest one was cut off"
    kill(killed, "--resume", "--kill-at", str(third))
    finish(killed, "--resume")

    if make is choosing:
        rounds = {rollout.round for rollout in read_rollouts(whole.output)}
        kept = json.loads((newest_checkpoint(RunFolder(whole.output)) / "mastered.json").read_text())
        assert rounds == {0, 1, 2} and kept["epoch"] == 2 and kept["mastered"], "both must have had something to do"
    if make in (grpo, choosing, ppo):
        assert read_rollouts(killed.output) == read_rollouts(whole.output)
        assert len({rollout.total for rollout in read_rollouts(whole.output)}) > 2, "there must be something to learn"
    state = json.loads((newest_checkpoint(RunFolder(whole.output)) / "trainer_state.json").read_text())
    assert state["epoch"] == STEPS / EPOCH, "the kills are meant for the first, second and third epoch"
    before, after = load_file(tiny_vl / "model.safetensors"), weights(whole)
    if make is reward:
        assert after["score.weight"].any(), "it must have learned something"
    else:
        assert any(not torch.equal(before[name], after[name]) for name in before), "it must have learned something"
    assert weights(killed).keys() == after.keys()
    for name, weight in weights(killed).items():
        assert torch.equal(weight, after[name]), name
    if make is ppo:
        same_critics(killed, whole, tiny_vl)


def same_critics(one: TrainRecipe, other: TrainRecipe, begun: Path) -> None:
    """The critic, the optimiser of both, and the price of KL, which all have changed."""
    first, second = (newest_checkpoint(RunFolder(recipe.output)) for recipe in (one, other))
    critic, expected = (load_file(folder / "critic.safetensors") for folder in (first, second))
    before = load_model(ModelConfig(path=str(begun))).base_model.state_dict()
    assert critic.keys() == expected.keys() and len(critic) > 10
    for name, weight in critic.items():
        assert torch.equal(weight, expected[name]), name
        if name != "critic.score.weight":
            assert not torch.equal(weight, before[name.removeprefix("critic.trunk.")]), name
    states = (torch.load(folder / "optimizer.pt")["state"] for folder in (first, second))
    torch.testing.assert_close(*states, rtol=0, atol=0)
    prices = {json.loads((folder / "kl.json").read_text())["coefficient"] for folder in (first, second)}
    assert len(prices) == 1 and prices != {one.kl.coefficient}


def saved(recipe: TrainRecipe) -> int:
    """The step of the newest checkpoint."""
    return step_of(newest_checkpoint(RunFolder(recipe.output)))


def weights(recipe: TrainRecipe) -> dict[str, torch.Tensor]:
    files = (recipe.output / "checkpoints" / "final").glob("*.safetensors")
    return {name: weight for file in files for name, weight in load_file(file).items()}
