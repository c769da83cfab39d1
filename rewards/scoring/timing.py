"""How long scoring takes: a limit for each reward, and no search for garbage where there is none."""

import gc
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def within(seconds: float, function: Callable[[], None]) -> None:
    """Runs a function for at most so many seconds.

    In the main thread an alarm breaks it off wherever Python code runs, sleeps or waits: loops, sockets, regular
    expressions that backtrack. A single long call into native code is broken off when it returns. In other threads,
    and on systems without such alarms, the function is left behind in a thread of its own.

    Raises:
        TimeoutError: it took longer.
    """
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        _with_alarm(seconds, function)
    else:
        _in_thread(seconds, function)


class _Alarm(BaseException):
    """No Exception: a reward's own ``except Exception`` must let it through."""


def _with_alarm(seconds: float, function: Callable[[], None]) -> None:
    armed = True

    def ring(*_: Any) -> None:
        if armed:
            raise _Alarm

    handler = signal.signal(signal.SIGALRM, ring)
    start = time.monotonic()
    outer, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        try:
            function()
        finally:
            armed = False
    except _Alarm:
        raise TimeoutError(f"took longer than {seconds:g} s") from None
    finally:
        # Whoever had set an alarm before gets it when it is due, or at once.
        left = max(outer - (time.monotonic() - start), 1e-3) if outer else 0.0
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, left)


def _in_thread(seconds: float, function: Callable[[], None]) -> None:
    raised: list[BaseException] = []

    def run() -> None:
        try:
            function()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"took longer than {seconds:g} s")
    if raised:
        raise raised[0]


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keeps Python's collector of cyclic garbage away, where it finds nothing.

    Scoring makes many objects that stay, and no cycles: to look through them again and again would take two fifths of
    the time on 20,000 completions, and more on more. Models that judge make cycles, and run under `collector_back`.
    """
    with _collector(False):
        yield


@contextmanager
def collector_back() -> Iterator[None]:
    """Lets the collector in again for a while, whoever keeps it away."""
    with _collector(True):
        yield


@contextmanager
def _collector(on: bool) -> Iterator[None]:
    before = gc.isenabled()
    (gc.enable if on else gc.disable)()
    try:
        yield
    finally:
        (gc.enable if before else gc.disable)()
