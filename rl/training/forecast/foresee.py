"""Foresee: a recipe's forecast, for the devices that it is looked at for."""

from pathlib import Path
from typing import Any

import psutil
import torch

from rl.config.train import TrainRecipe
from rl.terminal.forecast import Forecast
from rl.training.forecast.advice import with_options
from rl.training.forecast.forecast import Subject
from rl.training.forecast.longest import Longest
from rl.training.launch.sharding import Sharding


def foresee(
    recipe: TrainRecipe,
    arguments: Any,
    folder: Path,
    batches: Longest | None,
    sharding: Sharding,
    accelerate: str | None,
    memory: int | None = None,
) -> Forecast:
    """What a run takes of each device, and what would fit where that is too much.

    Args:
        folder: with the model's ``config.json``.
        batches: the longest; None where they are not known.
        accelerate: the configuration it is launched with, if it is.
        memory: of a device, in bytes. If None, that of this machine's GPU; without one, of its processes on the CPU,
            where a configuration says that they run there.
    """
    on_gpu = accelerate != "cpu" and (torch.cuda.is_available() or memory is not None or _asks_for_gpu(recipe))
    if memory is None and torch.cuda.is_available() and on_gpu:
        memory = torch.cuda.get_device_properties(0).total_memory
    elif memory is None and accelerate == "cpu":
        memory = psutil.virtual_memory().total // sharding.devices
    learned, written = (None, None) if batches is None else (batches.learned, batches.written)
    subject = Subject(recipe, arguments, folder, learned, written, on_gpu)
    return with_options(subject, subject.forecast(sharding, memory), sharding)


def _asks_for_gpu(recipe: TrainRecipe) -> bool:
    return bool(recipe.trainer.get("bf16") or recipe.trainer.get("fp16") or recipe.model.load_in_4bit)
