"""Launch: a training run in the processes that Accelerate starts."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from data import DataError, find_yaml
from data.yaml_model import read_yaml
from rl.config.train import TrainRecipe
from rl.runs.folder import RunFolder
from rl.runs.lock import hold
from rl.terminal.messages import kept
from rl.training.registry import load_recipe, stage_of

CONFIGS = Path(__file__).parents[3] / "accelerate_configs"
WORKER = Path(__file__).parent / "worker.py"


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
        kind: a name in `rl.training.registry.KINDS`.
        config: a recipe's file or name.
        overrides: recipe keys to values.
        accelerate: a YAML file, or the name of a shipped configuration.
        num_processes: instead of what the configuration says.

    Returns:
        The exit code: that of the first process that failed, or 0.

    Raises:
        DataError: the recipe, the data or the configuration are not as they should be, or another process is training
            there.
    """
    recipe = load_recipe(kind, config, overrides)
    with kept(RunFolder(recipe.output).messages):
        return _launch(recipe, config, overrides, accelerate, num_processes, resume)


def settings_of(accelerate: str) -> Path:
    """The file of an Accelerate configuration, by path or by its shipped name.

    Raises:
        DataError: there is no such file and no such name, or Accelerate cannot read it.
    """
    from accelerate.commands.config.config_args import load_config_from_file

    settings = find_yaml(accelerate, CONFIGS, "accelerate config")
    if not isinstance(read_yaml(settings), dict):
        raise DataError("want keys and values", file=settings)
    try:
        load_config_from_file(str(settings))
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f"not a configuration that Accelerate can read: {error}", file=settings) from error
    return settings


def _launch(
    recipe: TrainRecipe,
    config: str,
    overrides: Mapping[str, Any],
    accelerate: str,
    num_processes: int | None,
    resume: bool,
) -> int:
    from accelerate.commands.launch import launch_command, launch_command_parser
    from torch.distributed.elastic.multiprocessing import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    settings = settings_of(accelerate)
    # What can go wrong or must be there before several processes start, goes wrong or is made once. While they train,
    # the first of them holds the run.
    stage = stage_of(recipe)
    with hold(stage.run) if _is_first_machine(settings) else nullcontext():
        stage.prepare()
    options = ["--config_file", str(settings)]
    if num_processes is not None:
        options += ["--num_processes", str(num_processes)]
    # The worker is a script, not a module: `-m` would look for `rl` in the current folder first.
    work = [str(WORKER), recipe.kind, config, json.dumps(dict(overrides)), json.dumps(resume)]
    with _environment(accelerate):
        try:
            launch_command(launch_command_parser().parse_args([*options, *work]))
        except subprocess.CalledProcessError as failure:
            return failure.returncode
        except ChildFailedError as failure:
            return failure.get_first_failure()[1].exitcode
        except SignalException as signal:
            raise KeyboardInterrupt from signal
        except ValueError as error:
            raise DataError(f"Accelerate refuses the configuration: {error}", file=accelerate) from error
    return 0


def _is_first_machine(settings: Path) -> bool:
    """Whether this is where the first of the processes will run; the others' machines may share its disk."""
    content = read_yaml(settings)
    return not (isinstance(content, dict) and content.get("machine_rank"))


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
