"""Saving: what libraries write into a checkpoint is there whole, or not at all and with a word on why."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.filesize import decimal
from safetensors import SafetensorError

from data import DataError


@contextmanager
def saving(folder: Path) -> Iterator[None]:
    """For the time in which a folder is filled; it is removed where that fails, so that there is room again.

    Raises:
        DataError: something could not be written, on a full disk for one.
    """
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        if (why := _reason(error)) is None:
            raise
        shutil.rmtree(folder, ignore_errors=True)
        free = decimal(shutil.disk_usage(folder.parent).free)
        advice = "make room, and go on with --resume: what was saved before is whole"
        raise DataError(f"could not be saved ({why}; {free} are free): {advice}", file=folder) from error


def _reason(error: Exception) -> str | None:
    """Why a file could not be written; None where the error is about something else."""
    if isinstance(error, OSError):  # those of the Hub's have no number
        return error.strerror
    if isinstance(error, SafetensorError):
        return str(error)
    return "a file came out short" if "inline_container" in str(error) else None  # PyTorch says no more
