"""Two machines, here two launches of the command on loopback, train what one process trains. ZeRO-3 over machines and
the other kinds of training are in `test_processes_are_one.py`.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForImageTextToText

from rl.runs.manifest import Manifest
from tests.loopback import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

RECIPE = """\
name: spread
data: {{train: {toy}/cases.jsonl, rulebook: {toy}/rules.yaml, template: compact}}
model: {{path: {model}, dtype: float32}}
trainer: {{max_steps: 3, save_steps: 3, logging_steps: 1, report_to: none, bf16: false, learning_rate: 1.0e-3,
  gradient_checkpointing: false, train_sampling_strategy: sequential, max_grad_norm: 100.0}}
"""


HELD_BY = {
    "cpu": ("DistributedDataParallel", None),
    "fsdp2": ("FSDPQwen2_5_VLForConditionalGeneration", "fsdp"),
}
"""The class that holds the model, and what is shared out, by configuration."""


def start(recipe: Path, output: Path, *options: str) -> "subprocess.Popen[str]":
    words = ["train", "sft", "--config", str(recipe), "--output", str(output), *options]
    root = Path(__file__).parents[4]
    return subprocess.Popen(
        [sys.executable, "-c", "from rl.cli import main; main()", *words],
        env=os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended(*started: "subprocess.Popen[str]") -> list[str]:
    """What each of them said on stdout, if all ended well."""
    try:
        said = [process.communicate(timeout=500) for process in started]
    finally:
        for process in started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    assert [process.returncode for process in started] == [0] * len(started), [errors[-2000:] for _, errors in said]
    return [out for out, _ in said]


def log(output: Path) -> list[dict[str, Any]]:
    state = json.loads((output / "checkpoints/checkpoint-3/trainer_state.json").read_text())
    return [entry for entry in state["log_history"] if "loss" in entry]


@pytest.fixture(scope="module")
def recipe(toy: Path, tiny_vl: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("machines") / "recipe.yaml"
    path.write_text(RECIPE.format(toy=toy, model=tiny_vl))
    return path


@pytest.fixture(scope="module")
def alone(recipe: Path) -> list[dict[str, Any]]:
    """What one process logs."""
    ended(start(recipe, recipe.parent / "alone", "--per_device_train_batch_size", "4"))
    return log(recipe.parent / "alone")


@pytest.mark.parametrize("config", HELD_BY)
def test_two_machines_learn_what_one_process_does(
    config: str, recipe: Path, alone: list[dict[str, Any]], tmp_path: Path
) -> None:
    port = free_port()
    shared = ["--per_device_train_batch_size", "2", "--accelerate", config, "--num_machines", "2"]
    shared += ["--num_processes", "2", "--main_process_ip", "127.0.0.1", "--main_process_port", str(port)]
    first, second = ended(
        *(start(recipe, tmp_path / "spread", *shared, "--machine_rank", rank) for rank in ("0", "1"))
    )
    assert "trained: " in first and "trained: " not in second

    facts = json.loads((tmp_path / "spread/run.json").read_text())
    pace = Manifest.read(tmp_path / "spread/checkpoints/checkpoint-3").pace
    assert ((facts["wrapper"], pace["sharding"]), facts["processes"]) == (HELD_BY[config], 2)
    spread = log(tmp_path / "spread")
    assert len(alone) == 3 and all(entry["grad_norm"] > 0 for entry in alone)
    for figure in ("loss", "grad_norm"):
        assert spread[0][figure] == pytest.approx(alone[0][figure], rel=1e-4, abs=1e-6)
        assert [entry[figure] for entry in spread] == pytest.approx([entry[figure] for entry in alone], rel=1e-3)
    _, info = AutoModelForImageTextToText.from_pretrained(
        tmp_path / "spread/checkpoints/checkpoint-3", output_loading_info=True
    )
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"]
