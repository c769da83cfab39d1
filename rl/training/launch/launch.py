"""Launch: a training run in this process, or in the processes that Accelerate starts."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data import Briefs, DataError, Rulebook, find_yaml, load_cases
from rl.config.recipe import RECIPES, GRPORecipe

CONFIGS = Path(__file__).parents[3] / "accelerate_configs"
WORKER = Path(__file__).parent / "worker.py"


def train(kind: str, config: str, overrides: Mapping[str, Any], resume: bool = False) -> Path:
    """Trains in this process.

    Args:
        kind: ``sft`` or ``grpo``.
        config: a recipe's file or name.
        overrides: recipe keys to values.

    Returns:
        The folder of the final checkpoint.
    """
    recipe: Any = RECIPES[kind].load(config, overrides)
    if kind == "sft":
        from rl.training.sft import train_sft

        return train_sft(recipe, resume)
    from rl.training.grpo import train_grpo

    return train_grpo(recipe, resume)


def launch(
    kind: str,
    config: str,
    overrides: Mapping[str, Any],
    accelerate: str,
    num_processes: int | None = None,
    resume: bool = False,
) -> int:
    """Trains in the processes that an Accelerate configuration describes.

    Args:
        accelerate: a YAML file, or the name of a shipped configuration.
        num_processes: instead of what the configuration says.

    Returns:
        The exit code: that of the first process that failed, or 0.

    Raises:
        DataError: the recipe or the configuration is not as it should be.
    """
    from accelerate.commands.launch import launch_command, launch_command_parser
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    from rl.training.start import model_of

    # What can go wrong or must be there before several processes start, goes wrong or is made once.
    recipe: Any = RECIPES[kind].load(config, overrides)
    briefs = Briefs.bind(load_cases(*recipe.data.train), Rulebook.load(recipe.data.rulebook))
    model = model_of(recipe, briefs)
    if isinstance(recipe, GRPORecipe):
        from rl.curation.hard_cases import cases_to_train_on

        cases_to_train_on(recipe, str(model.path), briefs)
    options = ["--config_file", str(find_yaml(accelerate, CONFIGS, "accelerate config"))]
    if num_processes is not None:
        options += ["--num_processes", str(num_processes)]
    # The worker is a script, not a module: `-m` would look for `rl` in the current folder first.
    work = [str(WORKER), kind, config, json.dumps(dict(overrides)), json.dumps(resume)]
    with _environment(accelerate):
        try:
            launch_command(launch_command_parser().parse_args([*options, *work]))
        except subprocess.CalledProcessError as failure:
            return failure.returncode
        except ChildFailedError as failure:
            return failure.get_first_failure()[1].exitcode
        except ValueError as error:
            raise DataError(f"Accelerate refuses the configuration: {error}", file=accelerate) from error
    return 0


@contextmanager
def _environment(accelerate: str) -> Iterator[None]:
    """What the processes must find set from their very start."""
    import torch

    before = dict(os.environ)
    os.environ["PYTHONSAFEPATH"] = "1"  # neither the worker's folder nor the current one is searched for modules
    if accelerate == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    if accelerate == "cpu" or not torch.cuda.is_available():
        os.environ["DS_ACCELERATOR"] = "cpu"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
