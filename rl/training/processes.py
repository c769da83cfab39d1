"""What one of several processes does for all: hold the run's folder, and find out what the others must know."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from accelerate import PartialState
from accelerate.utils import broadcast_object_list

from data import DataError
from rl.runs.folder import RunFolder
from rl.runs.lock import hold

Found = TypeVar("Found")


def in_first_process(find: Callable[[], Found]) -> Found:
    """What a function finds that only the first of the processes calls.

    Raises:
        DataError: it did, in the first process; in every process alike, so that none waits for the others.
    """
    told: list[Found | DataError | None] = [None]
    if PartialState().is_main_process:
        try:
            told = [find()]
        except DataError as error:
            told = [error]
    broadcast_object_list(told)
    found = told[0]
    if isinstance(found, DataError):
        raise found
    return found  # type: ignore[return-value]


@contextmanager
def held_by_one(run: RunFolder) -> Iterator[None]:
    """Holds the lock of a run in the first of its processes.

    Raises:
        DataError: another run holds it; in every process alike.
    """
    with ExitStack() as stack:
        in_first_process(lambda: stack.enter_context(hold(run)))
        yield
