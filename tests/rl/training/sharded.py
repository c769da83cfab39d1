"""Launches `killable.py` in several processes on the CPU, sharded if Accelerate's configuration says so; and what they
have learned."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import torch

from rl.config.model import ModelConfig
from rl.config.train import TrainRecipe
from rl.models.load import load_model
from rl.runs.checkpoints import checkpoint_at
from rl.runs.folder import RunFolder
from rl.training.launch.settings import CONFIGS
from tests.loopback import HOST, free_port

WORKER = Path(__file__).parent / "killable.py"
PATIENCE = 280
"""Seconds after which processes are taken to wait for each other."""


def launch(recipe: TrainRecipe, config: str, *options: str, processes: int = 2, machines: int = 1) -> None:
    """Trains as the recipe says; fails where the processes do, or wait for each other.

    Args:
        machines: over how many the processes are spread: launches of their own, here all on loopback.
    """
    file = recipe.output.with_suffix(".json")
    file.write_text(recipe.model_dump_json(exclude={"model": {"tiny"}}))
    accelerate = [sys.executable, "-m", "accelerate.commands.launch"]
    words = ["--config_file", str(CONFIGS / config), "--num_processes", str(processes), "--mixed_precision", "no"]
    if machines > 1:
        words += ["--num_machines", str(machines), "--main_process_ip", HOST, "--main_process_port", str(free_port())]
    started = [
        subprocess.Popen(
            [*accelerate, *words, "--machine_rank", str(rank), str(WORKER), str(file), recipe.kind, *options],
            env=os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "DS_ACCELERATOR": "cpu"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        for rank in range(machines)
    ]
    try:
        errors = [each.communicate(timeout=PATIENCE)[1] for each in started]
    except subprocess.TimeoutExpired:  # those that train are in sessions of their own
        for launched in (each for each in started if each.poll() is None):
            for each in (*psutil.Process(launched.pid).children(recursive=True), launched):
                each.kill()
        raise AssertionError(f"the processes wait for each other: {PATIENCE} s") from None
    assert not any(each.returncode for each in started), "\n".join(said[-3000:] for said in errors)


def weights_of(recipe: TrainRecipe, step: int | None = None) -> dict[str, torch.Tensor]:
    """Those of a checkpoint; of the trained model, if no step is named."""
    run = RunFolder(recipe.output)
    folder = run.final if step is None else checkpoint_at(run.checkpoints, step)
    return load_model(ModelConfig(path=str(folder))).state_dict()
