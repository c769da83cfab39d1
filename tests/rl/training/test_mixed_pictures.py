"""Cases with pictures beside cases without: however many processes there are, and whatever they share, one result.

A process whose batch has no picture leaves the vision tower out, and the others wait for it.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from data import save_cases
from rl.config.model import ModelConfig
from rl.config.policy import GRPORecipe, PolicyRecipe, PPORecipe
from rl.config.ppo import CriticConfig
from rl.config.train import RewardRecipe, SFTRecipe, TrainRecipe
from rl.models.load import load_model
from rl.runs.rollouts import read_rollouts
from tests.rl.conftest import toy_briefs, toy_cases
from tests.rl.preferences import save_halves
from tests.rl.training.sharded import launch

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SHARED = ["zero2.yaml", "zero3.yaml"]
SEEN = [True, False, False, True, True, True, False, False]
"""Which cases have a picture. Two processes take a case each by turns: (yes, no), (no, yes), (yes, yes), (no, no)."""
QUICK = {
    "gradient_checkpointing": False,
    "learning_rate": 1e-3,
    "logging_steps": 1,
    "max_grad_norm": 100.0,  # what is clipped would hide what is wrong
    "max_steps": 4,
    "report_to": "none",
    "save_strategy": "no",
}


@pytest.fixture(scope="module")
def mixed(toy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cases in a file, the first two the longest."""
    folder = tmp_path_factory.mktemp("mixed")
    cases = toy_cases(folder, len(SEEN))
    for place, (case, seen) in enumerate(zip(cases, SEEN, strict=True)):
        if not seen:
            case.images = []
        else:  # no two alike
            Image.new("RGB", (112, 112), (30 * place, 255 - 30 * place, 60)).save(folder / f"media/{place}.png")
        case.gold.violations = [violation for violation in case.gold.violations if violation.rule != "RED-1"]
        if place < 2:
            case.text["title"] += " and new shoes in store" * 8
    save_cases(cases, folder / "cases.jsonl")
    return folder / "cases.jsonl"


def settings(toy: Path, mixed: Path, model: Path, output: Path, **trainer: Any) -> dict[str, Any]:
    data = {"train": [str(mixed)], "rulebook": str(toy / "rules.yaml"), "template": "compact"}
    return {
        "name": "mixed",
        "output": output,
        "model": {"path": str(model), "dtype": "float32"},
        "data": data,
        "trainer": QUICK | trainer,
    }


def trained(recipe: TrainRecipe, config: str, processes: int) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """What the run said of itself, and its weights."""
    told = recipe.output.with_suffix(".told")
    launch(recipe, config, "--tell", str(told), "--script", processes=processes)
    return json.loads(told.read_text()), load_model(ModelConfig(path=str(recipe.output))).state_dict()


def assert_alike(recipes: list[TrainRecipe], config: str, figures: tuple[str, ...]) -> None:
    """One process and two end with the same, step by step; the wrapper is the one that was asked for."""
    (alone, weights), (shared, others) = (
        trained(recipe, file, processes)
        for recipe, file, processes in zip(recipes, ("cpu.yaml", config), (1, 2), strict=True)
    )
    wrapper = "DeepSpeedEngine" if config in SHARED else "DistributedDataParallel"
    assert (shared["wrapper"], shared["processes"], alone["processes"]) == (wrapper, 2, 1)
    for figure in figures:
        before, now = ([entry[figure] for entry in told["log"] if figure in entry] for told in (alone, shared))
        assert len(before) == QUICK["max_steps"] and any(before)
        assert now == pytest.approx(before, rel=1e-3, abs=1e-5), figure
    # In the last step nobody sees anything: a whole optimiser passes the tower's weights over, a shared one goes on.
    for name, weight in weights.items():
        if "visual" not in name:
            torch.testing.assert_close(
                others[name], weight, atol=2e-4, rtol=1e-3, msg=lambda said, n=name: f"{n}: {said}"
            )


@pytest.mark.parametrize("config", ["cpu.yaml", *SHARED])
def test_sft_learns_the_same(config: str, toy: Path, mixed: Path, tiny_vl: Path, tmp_path: Path):
    if config in SHARED:
        pytest.importorskip("deepspeed")
    recipes = [
        SFTRecipe(
            **settings(toy, mixed, tiny_vl, tmp_path / name, per_device_train_batch_size=size),
        )
        for name, size in (("alone", 2), ("shared", 1))
    ]
    for recipe in recipes:
        recipe.trainer["train_sampling_strategy"] = "sequential"
    assert_alike(recipes, config, ("loss", "grad_norm"))


@pytest.mark.parametrize("config", ["cpu.yaml", *SHARED])
def test_grpo_learns_the_same(config: str, toy: Path, mixed: Path, tiny_vl: Path, tmp_path: Path):
    if config in SHARED:
        pytest.importorskip("deepspeed")
    policy = {
        "beta": 0.05,  # a reference model, which sees what the policy sees
        "max_completion_length": 8,
        "num_generations": 4,
        "scale_rewards": "batch",
        "shuffle_dataset": False,
    }
    recipes = [
        GRPORecipe(
            **settings(toy, mixed, tiny_vl, tmp_path / name, per_device_train_batch_size=size, **policy), rubric="toy"
        )
        for name, size in (("alone", 8), ("shared", 4))
    ]
    assert_alike(recipes, config, ("loss", "grad_norm", "kl"))
    alone, shared = (read_rollouts(recipe.output) for recipe in recipes)
    assert [rollout.episode.completion for rollout in alone] == [rollout.episode.completion for rollout in shared]


@pytest.mark.parametrize("kind", [GRPORecipe, partial(PPORecipe, critic=CriticConfig(layout="trunk"))])
@pytest.mark.parametrize("config", SHARED)
def test_completions_are_scored_in_as_many_pieces(
    config: str, kind: Callable[..., PolicyRecipe], toy: Path, mixed: Path, tiny_vl: Path, tmp_path: Path
) -> None:
    """One process has cases of both kinds, the other of one: each piece of the batch is one for all."""
    pytest.importorskip("deepspeed")
    policy = {
        "max_completion_length": 8,
        "num_generations": 2,
        "per_device_train_batch_size": 2,
        "shuffle_dataset": False,
        "steps_per_generation": 2,  # what wrote the completions is asked for their probabilities, two at a time
    }
    recipe = kind(**settings(toy, mixed, tiny_vl, tmp_path / "run", **policy), rubric="toy")
    if recipe.kind == "grpo":
        recipe.trainer["scale_rewards"] = "batch"
    told, _ = trained(recipe, config, 2)
    assert (told["wrapper"], told["processes"]) == ("DeepSpeedEngine", 2)
    assert len(read_rollouts(recipe.output)) == 16


@pytest.mark.parametrize("config", SHARED)
def test_a_reward_model_learns_from_pairs_of_both_kinds(config: str, mixed: Path, tiny_vl: Path, tmp_path: Path, toy):
    pytest.importorskip("deepspeed")
    pairs, _ = save_halves(toy_briefs(mixed), tmp_path / "pairs")
    given = settings(toy, mixed, tiny_vl, tmp_path / "run", per_device_train_batch_size=1)
    told_in = tmp_path / "run.told"
    launch(RewardRecipe(**given, pairs=str(pairs)), config, "--tell", str(told_in))
    told = json.loads(told_in.read_text())
    assert (told["wrapper"], told["processes"]) == ("DeepSpeedEngine", 2)
    assert len([entry for entry in told["log"] if "loss" in entry]) == QUICK["max_steps"]
