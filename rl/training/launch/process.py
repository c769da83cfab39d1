"""Process: what one of the processes that Accelerate starts is told by its environment, and sets up by it.

On GPUs, Accelerate does so itself. On CPUs it would train whole copies of a model that the configuration shares out,
without a word; PyTorch and DeepSpeed share one out there as well.
"""

import os
from typing import Any

from rl.config.train import TrainRecipe


def arguments_of(recipe: TrainRecipe) -> Any:
    """The configuration that TRL's trainer gets in this process, which works together with the others of its run.

    Raises:
        DataError: values that do not go together.
    """
    import torch

    if torch.cuda.is_available() or "LOCAL_RANK" not in os.environ:
        return recipe.arguments()
    # `use_cpu` makes Accelerate see the other processes, but would switch DeepSpeed off.
    deepspeed = os.environ.get("ACCELERATE_USE_DEEPSPEED") == "true"
    here = {"ddp_backend": "gloo", "use_cpu": not deepspeed}
    arguments = recipe.arguments(**{name: value for name, value in here.items() if name not in recipe.trainer})
    if _launched_by_fsdp():
        _share_out_on_cpu()
    return arguments


def is_fsdp(arguments: Any) -> bool:
    """Whether FSDP shares the model out, as the launch or a trainer's configuration has it."""
    return bool(arguments.fsdp) or _launched_by_fsdp()


def _launched_by_fsdp() -> bool:
    return os.environ.get("ACCELERATE_USE_FSDP") == "true"


def _share_out_on_cpu() -> None:
    """Has Accelerate prepare FSDP where it has found processes on the CPU."""
    from accelerate import PartialState
    from accelerate.utils import DistributedType

    if (state := PartialState()).distributed_type == DistributedType.MULTI_CPU:
        state.distributed_type = DistributedType.MULTI_GPU
