"""The checkpoints of a run: which of them are complete, and which one training goes on from. Loads no torch.

A checkpoint is complete when it holds ``complete.json``, which is written last; one that a kill cut off is removed.
"""

import re
import shutil
from pathlib import Path

from data import DataError
from rl.runs.folder import RunFolder

COMPLETE = "complete.json"
_PREFIX = "checkpoint-"
_NAME = re.compile(rf"{_PREFIX}[0-9]+")


def checkpoint_at(checkpoints: Path, step: int) -> Path:
    """Where the trainer leaves the checkpoint of a step, in the folder of a run's checkpoints."""
    return checkpoints / f"{_PREFIX}{step}"


def step_of(checkpoint: Path) -> int:
    """How many optimiser steps a checkpoint has behind it."""
    return int(checkpoint.name.removeprefix(_PREFIX))


def newest_checkpoint(run: RunFolder) -> Path | None:
    """The last complete checkpoint of a run; None where there is none."""
    return max(filter(_is_complete, _checkpoints(run)), key=step_of, default=None)


def checkpoint_to_resume(run: RunFolder, resume: bool) -> Path | None:
    """The checkpoint that training starts from: the newest complete one where it is to go on, or None for a start
    from the beginning.

    Raises:
        DataError: a run would overwrite one that is there: a new one, or one that has nothing to go on from.
    """
    newest = newest_checkpoint(run)
    if not resume and (newest or run.final.exists()):
        raise DataError(
            "there is a run already: go on with --resume, give another output, or remove it", file=run.path
        )
    if newest is None and run.final.exists():
        raise DataError(
            "there is a trained model but no checkpoint to go on from: give another output, or remove it",
            file=run.final,
        )
    return newest


def remove_cut_off(run: RunFolder) -> None:
    """Removes the checkpoints that a kill cut off."""
    for checkpoint in _checkpoints(run):
        if not _is_complete(checkpoint):
            shutil.rmtree(checkpoint)


def _checkpoints(run: RunFolder) -> list[Path]:
    return [folder for folder in run.checkpoints.glob(f"{_PREFIX}*") if _NAME.fullmatch(folder.name)]


def _is_complete(checkpoint: Path) -> bool:
    return (checkpoint / COMPLETE).is_file()
