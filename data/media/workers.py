"""Workers: work on hostile files in processes that may crash, hang or run out of memory without taking others along.

Decoders are written in C, and files are made to break them. Each worker has one piece of work at a time, so that what
kills it is known; it is then replaced.
"""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import Any, Generic, TypeVar

from data.errors import DataError

PATIENCE = 5.0
"""Seconds that a worker may take to end by itself."""

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass
class _Worker(Generic[Task]):
    process: Any
    pipe: Connection
    at: int = -1
    """The place of what it works on; -1 while it waits."""
    until: float = 0.0
    """When it has taken too long."""


def in_processes(
    work: Callable[[Task], Result], tasks: Sequence[Task], processes: int, seconds: float
) -> Iterator[tuple[int, Result | DataError]]:
    """Does the work on each task, and yields its place and what came of it, as they are done.

    Args:
        work: a function of a module, on what can be pickled. What it raises as `DataError` is a result.
        processes: how many at once, at least one.
        seconds: that one task may take.

    Raises:
        RuntimeError: the work raised something else: a mistake of ours, not of a file.
    """
    context = multiprocessing.get_context("spawn")  # a fork would copy the threads' locks
    waiting = list(range(len(tasks)))[::-1]
    workers: list[_Worker[Task]] = []
    try:
        while waiting or any(worker.at >= 0 for worker in workers):
            while waiting and len(workers) < processes:
                workers.append(_started(context, work))
            for worker in workers:
                if worker.at < 0 and waiting:
                    worker.at, worker.until = waiting.pop(), monotonic() + seconds
                    worker.pipe.send(tasks[worker.at])
            busy = {worker.pipe: worker for worker in workers if worker.at >= 0}
            ready = wait(list(busy), max(0.0, min(worker.until for worker in busy.values()) - monotonic()))
            for pipe, worker in busy.items():
                if pipe in ready:
                    result, alive = _received(worker)
                elif monotonic() >= worker.until:
                    result, alive = DataError(f"given up after {seconds:g} s"), False
                else:
                    continue
                yield worker.at, result
                worker.at = -1
                if not alive:
                    _stop(worker, patience=0.0)
                    workers.remove(worker)
    finally:
        for worker in workers:
            _stop(worker)


def _started(context: Any, work: Callable[[Task], Any]) -> _Worker[Task]:
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(work, theirs), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _serve(work: Callable[[Any], Any], pipe: Connection) -> None:
    """What runs in a worker, until nobody is there any more to give it work."""
    import traceback

    while True:
        try:
            task = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            told: tuple[str, Any] = "done", work(task)
        except DataError as error:
            told = "data", {"message": error.message, "file": error.file, "line": error.line, "field": error.field}
        except MemoryError:
            told = "data", {"message": "too large for the memory"}
        except Exception:
            told = "bug", traceback.format_exc()
        pipe.send(told)


def _received(worker: _Worker[Any]) -> tuple[Any, bool]:
    """What a worker tells, and whether it goes on."""
    try:
        kind, content = worker.pipe.recv()
    except (EOFError, ConnectionResetError):
        worker.process.join(5)
        code = worker.process.exitcode
        return DataError(f"the process that read it was killed (exit code {code}): a damaged or hostile file"), False
    if kind == "bug":
        raise RuntimeError(f"a worker failed:\n{content}")
    return (DataError(**content) if kind == "data" else content), True


def _stop(worker: _Worker[Any], patience: float = PATIENCE) -> None:
    """Ends a worker: one that waits does so by itself, and tidies up."""
    worker.pipe.close()
    if worker.at < 0 and patience:
        worker.process.join(patience)
    worker.process.kill()
    worker.process.join()
