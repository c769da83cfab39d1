"""Python's collector of cyclic garbage, kept away where it finds nothing."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """Scoring makes many objects that stay, and no cycles: to look through them again and again would take two fifths
    of the time on 20,000 completions, and more on more. Models that judge make cycles, and are not run under this.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
