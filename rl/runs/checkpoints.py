"""The checkpoints of a run: which of them are whole, and which one training goes on from. Loads no torch.

A checkpoint is complete when it holds ``complete.json``, which is written last; one that a kill cut off has none, and
is removed. It is whole when every file is what ``complete.json`` says (`rl.runs.manifest`). Damaged ones are never
gone on from: they are named, and set aside for whoever wants to look at them.
"""

import logging
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data import DataError
from data.files import move_folder, read_json
from rl.runs.folder import RunFolder
from rl.runs.manifest import COMPLETE, Manifest

logger = logging.getLogger(__name__)

_PREFIX = "checkpoint-"
_STATE = "trainer_state.json"
"""Where transformers keeps what step it is."""
_NAME = re.compile(rf"{_PREFIX}[0-9]+")
ASIDE = "damaged-"
"""What stands before the names of checkpoints that were set aside."""


@dataclass(frozen=True)
class Checkpoints:
    """What is found in a run's folder."""

    newest: Path | None
    """The last one that is whole."""
    damaged: dict[Path, str]
    """Those after it that are complete but not whole, the newest first, and what is wrong."""
    cut_off: list[Path]
    """Those that a kill cut off."""


def checkpoint_at(checkpoints: Path, step: int) -> Path:
    """Where the trainer leaves the checkpoint of a step, in the folder of a run's checkpoints."""
    return checkpoints / f"{_PREFIX}{step}"


def step_of(checkpoint: Path) -> int:
    """How many optimiser steps a checkpoint has behind it."""
    return int(checkpoint.name.removeprefix(_PREFIX))


def find_checkpoints(run: RunFolder) -> Checkpoints:
    """Looks for the newest whole checkpoint; reads it to its last byte, and the damaged ones after it."""
    complete, cut_off = _sorted_out(run.checkpoints)
    damaged: dict[Path, str] = {}
    for checkpoint in complete:
        try:
            Manifest.checked(checkpoint)
            _check_step(checkpoint)
        except DataError as error:
            damaged[checkpoint] = str(error)
        else:
            return Checkpoints(checkpoint, damaged, cut_off)
    return Checkpoints(None, damaged, cut_off)


def _check_step(checkpoint: Path) -> None:
    """Refuses a checkpoint that has come to bear another step's name.

    Raises:
        DataError: it has.
    """
    state = checkpoint / _STATE
    if state.is_file() and (step := read_json(state).get("global_step")) != step_of(checkpoint):
        raise DataError(f"is of step {step}", file=checkpoint)


def newest_checkpoint(run: RunFolder) -> Path | None:
    """The last whole checkpoint of a run; None where there is none."""
    return find_checkpoints(run).newest


def checkpoint_to_resume(run: RunFolder, resume: bool) -> Path | None:
    """The checkpoint that training starts from: the newest whole one where it is to go on, or None for a start from
    the beginning. What is of no use is cleared away, with a warning: cut-off checkpoints are removed, damaged ones
    set aside.

    Raises:
        DataError: a run would overwrite one that is there: a new one, or one that has nothing to go on from.
    """
    if not resume and (_sorted_out(run.checkpoints)[0] or run.final.exists()):
        raise DataError(
            "there is a run already: go on with --resume, give another output, or remove it", file=run.path
        )
    found = find_checkpoints(run)
    if found.newest is None and found.damaged:
        why = "; ".join(found.damaged.values())
        raise DataError(
            f"no checkpoint is whole ({why}): give another output, or remove the run to begin again", file=run.path
        )
    if found.newest is None and run.final.exists():
        raise DataError(
            "there is a trained model but no checkpoint to go on from: give another output, or remove it",
            file=run.final,
        )
    _clear(found)
    return found.newest


def keep_newest(
    checkpoints: Path, count: int | None, needed_by: Callable[[Path], Path | None] = lambda _: None
) -> None:
    """Removes all but the newest of the complete checkpoints; none of them where ``count`` is None or 0.

    Args:
        needed_by: another one that a checkpoint needs, which then stays with it.
    """
    if count:
        complete, _ = _sorted_out(checkpoints)
        needed = {needed_by(checkpoint) for checkpoint in complete[:count]}
        for checkpoint in complete[count:]:
            if checkpoint in needed:
                continue
            (checkpoint / COMPLETE).unlink()  # first: a kill leaves one that is cut off, and not one that is damaged
            shutil.rmtree(checkpoint)


def _clear(found: Checkpoints) -> None:
    for checkpoint in found.cut_off:
        logger.warning("%s was cut off while it was saved, and is removed", checkpoint)
        shutil.rmtree(checkpoint)
    for checkpoint, fault in found.damaged.items():
        assert found.newest is not None, "nothing is set aside where there is nothing else"
        aside = checkpoint.with_name(f"{ASIDE}{step_of(checkpoint)}")
        said = "%s: the checkpoint is set aside as %s, and training goes on from step %s"
        logger.warning(said, fault, aside.name, f"{step_of(found.newest):,}")
        move_folder(checkpoint, aside)


def _sorted_out(checkpoints: Path) -> tuple[list[Path], list[Path]]:
    """The complete checkpoints, the newest first, and those that a kill cut off."""
    there = [folder for folder in checkpoints.glob(f"{_PREFIX}*") if _NAME.fullmatch(folder.name)]
    complete = sorted((folder for folder in there if (folder / COMPLETE).exists()), key=step_of, reverse=True)
    return complete, [folder for folder in there if folder not in complete]
