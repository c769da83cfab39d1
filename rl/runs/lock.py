"""The lock of a run's folder: one training at a time; and of a file that is added to: one writer at a time.

The operating system keeps the lock and drops it when the process ends, however it ends, so there is never one to
remove by hand. Beside it, ``holder.json`` says who holds it, for the message to whoever comes second.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from data import DataError
from data.files import at_file, read_json, write_json
from rl.runs.folder import RunFolder

PATIENCE = 1.0
"""Seconds to wait for the lock: a process that has just been killed may take a moment to go, and one that has just
taken the lock to say who it is."""


@contextmanager
def hold(run: RunFolder) -> Iterator[None]:
    """Keeps other processes from training in a folder, which is made where there is none.

    Raises:
        DataError: another process does so, which is named; or the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    try:
        run.path.mkdir(parents=True, exist_ok=True)
        # A lock that is a mere file would outlive a kill: where the file system has no other, there is none.
        lock = FileLock(run.lock, fallback_to_soft=False)
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        why = f"{_holder(run)} is training here: wait for it, or give another output"
        raise DataError(why, file=run.path) from None
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        why = f"cannot be written and locked ({error.strerror}): a file or folder is in the way, give another output"
        raise DataError(why, file=run.path) from error
    except OSError as error:
        why = f"cannot be written and locked ({error.strerror}): give an output on another file system"
        raise DataError(why, file=run.path) from error
    try:
        _say_who(run)
        try:
            yield
        finally:
            run.holder.unlink(missing_ok=True)
    finally:
        lock.release()


@contextmanager
def sole_writer(file: Path, otherwise: str) -> Iterator[None]:
    """Keeps other processes from writing a file that is added to; makes its folder where there is none.

    Args:
        otherwise: what to do instead, for whoever comes second.

    Raises:
        DataError: another process does so, or the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    if not file.name:
        raise DataError("cannot be written: it is a folder", file=file)
    beside = file.with_name(f".{file.name}.lock")
    lock = FileLock(beside, fallback_to_soft=False)
    with at_file(file, "written"):
        file.parent.mkdir(parents=True, exist_ok=True)
    try:
        beside.touch()  # where none can be made, to wait for it would tell of somebody who is not there
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        raise DataError(f"somebody else is writing it: {otherwise}", file=file) from None
    except NotImplementedError:
        pass  # a file system that has no locks: nobody can be told
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror or error}", file=file) from error
    try:
        yield
    finally:
        lock.release()


def _say_who(run: RunFolder) -> None:
    since = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
    write_json(run.holder, {"pid": os.getpid(), "host": socket.gethostname(), "since": since})


def _holder(run: RunFolder) -> str:
    try:
        found = read_json(run.holder)
    except DataError:  # it has not said yet who it is, or is just leaving
        return "another process"
    return f"process {found.get('pid')} on {found.get('host')}, since {found.get('since')},"
