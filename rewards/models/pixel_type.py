"""Pixel type: pictures in the precision of the weights that look at them (transformers 5.23).

Most models see to it themselves. Llama 4's image processor makes pixels in bfloat16, whatever the weights are, and its
vision tower takes them as they come.
"""

from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel


def take_any_pixels(model: PreTrainedModel) -> None:
    """Has the towers of a model take pixels in half precision where their weights are not in it."""
    for tower in model.modules():
        if isinstance(tower, PreTrainedModel) and tower is not model:
            tower.register_forward_pre_hook(_in_its_own_type, with_kwargs=True)


def _in_its_own_type(
    tower: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    if tower.dtype != torch.float32:
        return None
    taken = tuple(_widened(value) for value in args)
    return taken, kwargs | {name: _widened(value) for name, value in kwargs.items() if name == "pixel_values"}


def _widened(value: Any) -> Any:
    half = isinstance(value, torch.Tensor) and value.dtype in (torch.bfloat16, torch.float16)
    return value.float() if half else value
