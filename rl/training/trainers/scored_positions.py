"""Which positions of a batch a trainer computes log-probabilities for (trl 1.16).

TRL scores those that have a label, prompts and padding left out, where it has a Triton kernel; elsewhere it scores
all, which spares compiled devices a compilation per batch. A CPU compiles nothing, and a review's prompt is longer
than its ruling: scoring the ruling alone shortens a step by a sixth (`benchmarks/sft.py`).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from trl.trainer import utils


@contextmanager
def labelled_positions_only() -> Iterator[None]:
    """Meanwhile, a CPU scores the positions that have a label, as a GPU does."""
    used = utils._use_triton

    def compact(device: torch.device) -> bool:
        return device.type == "cpu" or used(device)

    utils._use_triton = compact  # only `add_fused_lm_head` asks there; the kernel itself asks elsewhere
    try:
        yield
    finally:
        utils._use_triton = used
