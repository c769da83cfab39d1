"""Two machines, here two launches on loopback, train what one process trains."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

RECIPE = """\
name: spread
data: {{train: {toy}/cases.jsonl, rulebook: {toy}/rules.yaml, template: compact}}
model: {{path: {model}, dtype: float32}}
trainer: {{max_steps: 3, save_steps: 3, logging_steps: 1, report_to: none, bf16: false, learning_rate: 1.0e-3,
  gradient_checkpointing: false, train_sampling_strategy: sequential, max_grad_norm: 100.0}}
"""


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


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


def test_two_machines_learn_what_one_process_does(toy: Path, tiny_vl: Path, tmp_path: Path) -> None:
    recipe, port = tmp_path / "recipe.yaml", free_port()
    recipe.write_text(RECIPE.format(toy=toy, model=tiny_vl))
    ended(start(recipe, tmp_path / "alone", "--per_device_train_batch_size", "4"))
    shared = ["--per_device_train_batch_size", "2", "--accelerate", "cpu", "--num_machines", "2"]
    shared += ["--num_processes", "2", "--main_process_ip", "127.0.0.1", "--main_process_port", str(port)]
    first, second = ended(
        *(start(recipe, tmp_path / "spread", *shared, "--machine_rank", rank) for rank in ("0", "1"))
    )
    assert "trained: " in first and "trained: " not in second

    facts = json.loads((tmp_path / "spread/run.json").read_text())
    assert (facts["wrapper"], facts["processes"]) == ("DistributedDataParallel", 2)
    alone, spread = log(tmp_path / "alone"), log(tmp_path / "spread")
    assert len(alone) == 3 and all(entry["grad_norm"] > 0 for entry in alone)
    for figure in ("loss", "grad_norm"):
        assert spread[0][figure] == pytest.approx(alone[0][figure], rel=1e-4, abs=1e-6)
        assert [entry[figure] for entry in spread] == pytest.approx([entry[figure] for entry in alone], rel=1e-3)
