"""Launch: a training run in the processes that Accelerate starts."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from data import DataError
from rl.config.train import TrainRecipe
from rl.runs.folder import RunFolder
from rl.runs.lock import hold
from rl.terminal.messages import kept
from rl.terminal.stopping import Stopped, stop_requests
from rl.training.launch.machines import Machines
from rl.training.launch.settings import LaunchSettings
from rl.training.registry import load_recipe, stage_of

WORKER = Path(__file__).parent / "worker.py"


def launch(
    kind: str,
    config: str,
    overrides: Mapping[str, Any],
    accelerate: str,
    machines: Machines | None = None,
    resume: bool = False,
) -> int:
    """Trains in the processes that an Accelerate configuration describes.

    Args:
        kind: a name in `rl.training.registry.KINDS`.
        config: a recipe's file or name.
        overrides: recipe keys to values.
        accelerate: a YAML file, or the name of a shipped configuration.
        machines: instead of what the configuration says.

    Returns:
        The exit code: that of the first process that failed, or 0.

    Raises:
        Stopped: a signal came. The processes have been told, and have saved the run; a second Ctrl-C kills them.
        DataError: the recipe, the data or the configuration are not as they should be, or another process is training
            there.
    """
    recipe = load_recipe(kind, config, overrides)
    with kept(RunFolder(recipe.output).messages):
        return _launch(recipe, config, overrides, accelerate, machines or Machines(), resume)


def _launch(
    recipe: TrainRecipe,
    config: str,
    overrides: Mapping[str, Any],
    accelerate: str,
    machines: Machines,
    resume: bool,
) -> int:
    import torch
    from accelerate.commands.launch import launch_command, launch_command_parser
    from torch.distributed.elastic.multiprocessing import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    settings = LaunchSettings.load(accelerate, machines)
    # What can go wrong or must be there before several processes start, goes wrong or is made once. While they train,
    # the first of them holds the run.
    stage = stage_of(recipe)
    if settings.is_sharded:
        stage.check_sharded(settings.sharding)
    with hold(stage.run) if settings.is_first_machine else nullcontext():
        stage.prepare()
    options = ["--config_file", str(settings.file), *machines.options]
    if not torch.cuda.is_available():  # the recipe alone says what a CPU trains in half precision
        options += ["--mixed_precision", "no"]
    # The worker is a script, not a module: `-m` would look for `rl` in the current folder first.
    work = [str(WORKER), recipe.kind, config, json.dumps(dict(overrides)), json.dumps(resume)]
    arguments = launch_command_parser().parse_args([*options, *work])
    # Of those that it is told of, torchrun kills the processes half a minute later; saving may take longer.
    arguments.signals_to_handle = "SIGHUP,SIGQUIT"
    told, killed = (partial(_send, number) for number in (signal.SIGTERM, signal.SIGKILL))
    with _environment(accelerate), stop_requests(told, killed) as request:
        code = 0
        try:
            launch_command(arguments)
        except subprocess.CalledProcessError as failure:
            code = failure.returncode
        except ChildFailedError as failure:
            code = failure.get_first_failure()[1].exitcode
        except SignalException as hangup:
            raise Stopped(hangup.sigval) from hangup
        except (ValueError, ConnectionError) as error:  # ConnectionError: the port is taken
            raise DataError(f"Accelerate refuses the configuration: {error}", file=accelerate) from error
    if code and request.number:
        raise Stopped(request.number)
    return code


def _send(number: int) -> None:
    """Sends a signal to the processes that train."""
    for process in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


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
