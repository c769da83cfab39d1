"""Two processes learn what one learns from the same batches, whatever they share and wherever they run, some of the
cases with pictures and some without; and what they save is a plain checkpoint. Accelerate can switch sharding off
without a word: look for it.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForImageTextToText

from rl.runs.folder import RunFolder
from rl.training.registry import KINDS
from tests.rl.training.mixed import save_mixed
from tests.rl.training.sharded import launch, weights_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]

STEPS = 10
PAIRS = [(True, False), (False, True), (True, True)]
SEEN = [has_picture for pair in [*PAIRS, *PAIRS, *PAIRS, (False, False)] for has_picture in pair]
"""Which cases have a picture. Two processes take a case each in every step, of PPO and GRPO with several completions.
In the last step nobody sees anything: a whole optimiser passes the tower's weights over, a shared one goes on.
"""
HELD_BY = {
    "cpu": ("DistributedDataParallel", None),
    "zero1": ("DeepSpeedEngine", 1),
    "zero2": ("DeepSpeedEngine", 2),
    "zero3": ("DeepSpeedEngine", 3),
    "multi_node_zero3": ("DeepSpeedEngine", 3),
    "fsdp2": ("FSDPQwen2_5_VLForConditionalGeneration", None),
}
"""The class that holds the model, and ZeRO's stage, by configuration."""
FIGURES = {"sft": ("loss", "grad_norm"), "grpo": ("loss", "grad_norm", "kl"), "ppo": ("loss", "grad_norm", "kl")}
BATCH = {"sft": 2, "grpo": 8, "ppo": 8}
"""Of a step, over all processes."""
POLICY = {"max_completion_length": 8, "num_generations": 4, "shuffle_dataset": False}
OF_KIND: dict[str, dict[str, Any]] = {
    "sft": {"trainer": {"train_sampling_strategy": "sequential"}},
    "grpo": {"rubric": "toy", "trainer": POLICY | {"beta": 0.05, "scale_rewards": "batch"}},
    "ppo": {"rubric": "toy", "trainer": POLICY, "kl": {"coefficient": 0.05}, "critic": {"layout": "head"}},
}


def made(kind: str, toy: Path, mixed: Path, model: Path, output: Path, processes: int) -> Any:
    """A recipe whose batch is the same for any number of processes."""
    trainer = {
        "gradient_checkpointing": False,
        "learning_rate": 1e-3,
        "logging_steps": 1,
        "max_grad_norm": 100.0,  # what is clipped would hide what is wrong
        "max_steps": STEPS,
        "per_device_train_batch_size": BATCH[kind] // processes,
        "report_to": "none",
        "save_steps": STEPS // 2,
    }
    own = OF_KIND[kind]
    given = {
        "name": kind,
        "output": str(output),
        "model": {"path": str(model), "dtype": "float32"},
        "data": {"train": [str(mixed)], "rulebook": str(toy / "rules.yaml"), "template": "compact"},
    }
    return KINDS[kind].recipe.model_validate(given | own | {"trainer": trainer | own["trainer"]})


def told(recipe: Any, config: str, processes: int) -> dict[str, Any]:
    """What a run said of itself."""
    file, machines = recipe.output.with_suffix(".told"), 2 if config.startswith("multi_node") else 1
    launch(recipe, f"{config}.yaml", "--tell", str(file), "--script", processes=processes, machines=machines)
    found: dict[str, Any] = json.loads(file.read_text())
    return found


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_mixed(tmp_path_factory.mktemp("mixed"), SEEN)


@pytest.fixture(scope="module", params=OF_KIND)
def alone(
    request: pytest.FixtureRequest, toy: Path, mixed: Path, tiny_vl: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, list[dict[str, Any]], dict[str, torch.Tensor]]:
    """A kind, and what one process logs and learns."""
    recipe = made(request.param, toy, mixed, tiny_vl, tmp_path_factory.mktemp(request.param) / "alone", 1)
    return request.param, told(recipe, "cpu", 1)["log"], weights_of(recipe)


@pytest.mark.parametrize("config", HELD_BY)
def test_two_learn_what_one_learns(alone: Any, config: str, toy: Path, mixed: Path, tiny_vl: Path, tmp_path: Path):
    kind, log, weights = alone
    if "zero" in config:
        pytest.importorskip("deepspeed")
    recipe = made(kind, toy, mixed, tiny_vl, tmp_path / "shared", 2)
    found = told(recipe, config, 2)
    assert ((found["wrapper"], found["stage"]), found["processes"]) == (HELD_BY[config], 2)
    for figure in FIGURES[kind]:
        expected, shared = ([entry[figure] for entry in entries if figure in entry] for entries in (log, found["log"]))
        assert len(expected) == STEPS and any(expected)
        assert shared[0] == pytest.approx(expected[0], rel=1e-4, abs=1e-6), figure
        assert shared == pytest.approx(expected, rel=1e-3, abs=1e-5), figure
    logged = [entry["loss"] for entry in found["log"] if "loss" in entry]
    assert found["shown"] == pytest.approx(logged, rel=1e-3, abs=1e-5), "what people see is not one process's part"

    plain, info = AutoModelForImageTextToText.from_pretrained(RunFolder(recipe.output).final, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"]
    for name, weight in plain.state_dict().items():
        if "visual" in name and config != "cpu":
            continue
        torch.testing.assert_close(
            weight, weights[name], atol=1e-4, rtol=1e-3, msg=lambda said, n=name: f"{n}: {said}"
        )

    if config == "fsdp2":
        for name in (f"checkpoint-{STEPS}", "final"):  # as if killed after the middle
            shutil.rmtree(recipe.output / "checkpoints" / name)
        launch(recipe, f"{config}.yaml", "--resume", "--script")
        assert all(torch.equal(weights_of(recipe)[name], weight) for name, weight in plain.state_dict().items())
