"""Stopping: what SIGTERM and Ctrl-C do to a command, and what it exits with.

Where nothing else is said, both end a command where it stands. Training asks for them to be noted instead, so that it
can save what it has learned first; a second Ctrl-C then ends it all the same.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

Handler = Callable[[int, FrameType | None], Any]


class Stopped(KeyboardInterrupt):
    """A signal has ended the command; no error, and so no `Exception`.

    Args:
        number: the signal's.
    """

    def __init__(self, number: int):
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number = number


def exit_code(stop: KeyboardInterrupt) -> int:
    """128 and the signal's number, as in a shell: 130 after Ctrl-C, 143 after SIGTERM."""
    return 128 + (stop.number if isinstance(stop, Stopped) else signal.SIGINT)


@dataclass
class Request:
    """Whether somebody wants the command to stop."""

    number: int = 0
    """Of the first signal that said so; 0 before that."""


@contextmanager
def stopped_by_sigterm() -> Iterator[None]:
    """SIGTERM ends what is done meanwhile as Ctrl-C does, with a `Stopped`."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped(number)

    with _handled(stop, signal.SIGTERM):
        yield


@contextmanager
def stop_requests(tell: Callable[[], Any], give_up: Callable[[], Any] = lambda: None) -> Iterator[Request]:
    """Notes SIGTERM and Ctrl-C, and leaves it to whoever looks at the request to stop. Ctrl-C after that ends it at
    once, with a `Stopped`; SIGTERM does not, since schedulers send several.

    Args:
        tell: says that it was heard; called in a thread of its own, since the signal may have come between two halves
            of a line.
        give_up: called before it ends at once.
    """
    request = Request()

    def hear(number: int, frame: FrameType | None) -> None:
        if request.number and number == signal.SIGINT:
            give_up()
            raise Stopped(number)
        if not request.number:
            request.number = number
            threading.Thread(target=tell).start()

    with _handled(hear, signal.SIGTERM, signal.SIGINT):
        yield request


@contextmanager
def _handled(handler: Handler, *numbers: int) -> Iterator[None]:
    """Has signals handled, but those that are ignored, as a process does that was started to ignore them."""
    with ExitStack() as stack:
        if threading.current_thread() is threading.main_thread():  # Python handles signals in no other
            for number in numbers:
                if (before := signal.getsignal(number)) is not signal.SIG_IGN:
                    signal.signal(number, handler)
                    stack.callback(signal.signal, number, before or signal.SIG_DFL)
        yield
