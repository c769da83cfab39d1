"""Freeze: the parts of a vision-language model that are left as they are in training.

Which part a weight belongs to goes by the names that transformers' architectures have for their modules.
"""

from collections.abc import Iterable
from typing import Literal, TypeAlias

from torch import nn

from data import DataError

Part: TypeAlias = Literal["vision", "projector", "language"]

VISION = {"visual", "vision_tower", "vision_model", "vision_encoder", "vision_embed_tokens"}
PROJECTOR = {"multi_modal_projector", "connector", "projector", "aligner", "embed_vision", "image_newline"}
INSIDE_VISION = {"merger", "deepstack_merger_list"}
"""Projectors that Qwen-VL and its kin keep inside the vision tower."""


def part_of(name: str) -> Part:
    """Which part a weight belongs to, by its dotted name; what sees nothing is the language model's.

    Example:
        >>> part_of("model.visual.merger.mlp.0.weight"), part_of("model.visual.blocks.0.attn.qkv.weight")
        ('projector', 'vision')
        >>> part_of("model.language_model.layers.0.mlp.up_proj.weight"), part_of("lm_head.weight")
        ('language', 'language')
    """
    modules = set(name.split("."))
    if modules & PROJECTOR or (modules & VISION and modules & INSIDE_VISION):
        return "projector"
    return "vision" if modules & VISION else "language"


def freeze(model: nn.Module, parts: Iterable[Part]) -> None:
    """Has training leave some parts of a model as they are.

    Raises:
        DataError: the model has no such part.
    """
    for part in parts:
        weights = [weight for name, weight in model.named_parameters() if part_of(name) == part]
        if not weights:
            raise DataError(f"the model has no part that is its {part}", field="model.freeze")
        for weight in weights:
            weight.requires_grad_(False)
