"""Timing of training steps, for the benchmarks that compare trainers."""

import time
from typing import Any, ClassVar


class Timed:
    """Mixed into a trainer, notes how long each step takes, reading the rows not included."""

    seconds: ClassVar[list[float]] = []

    def training_step(self, *args: Any, **kwargs: Any) -> Any:
        begin = time.monotonic()
        loss = super().training_step(*args, **kwargs)  # type: ignore[misc]
        Timed.seconds.append(time.monotonic() - begin)
        return loss
