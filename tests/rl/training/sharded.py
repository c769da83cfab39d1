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

WORKER = Path(__file__).parent / "killable.py"
PATIENCE = 280
"""Seconds after which processes are taken to wait for each other."""


def launch(recipe: TrainRecipe, config: str, *options: str, processes: int = 2) -> None:
    """Trains as the recipe says; fails where the processes do, or wait for each other."""
    file = recipe.output.with_suffix(".json")
    file.write_text(recipe.model_dump_json(exclude={"model": {"tiny"}}))
    words = ["--config_file", str(CONFIGS / config), "--num_processes", str(processes), "--mixed_precision", "no"]
    started = subprocess.Popen(
        [sys.executable, "-m", "accelerate.commands.launch", *words, str(WORKER), str(file), recipe.kind, *options],
        env=os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "DS_ACCELERATOR": "cpu"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        _, errors = started.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:  # those that train are in sessions of their own
        for each in (*psutil.Process(started.pid).children(recursive=True), started):
            each.kill()
        raise AssertionError(f"the processes wait for each other: {PATIENCE} s") from None
    assert started.returncode == 0, errors[-3000:]


def weights_of(recipe: TrainRecipe, step: int | None = None) -> dict[str, torch.Tensor]:
    """Those of a checkpoint; of the trained model, if no step is named."""
    run = RunFolder(recipe.output)
    folder = run.final if step is None else checkpoint_at(run.checkpoints, step)
    return load_model(ModelConfig(path=str(folder))).state_dict()
