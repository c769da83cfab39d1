"""BlankPicture: what a model looks at in a batch without pictures, so that it runs the same modules in every process
(transformers 5.23).

A vision-language model leaves its vision tower out where there is nothing to see. Under ZeRO or FSDP every process
holds a share of the tower's weights or gradients: if one leaves it out while another does not, they wait for each
other for ever, or add up gradients of different weights. The blank picture's features are added to the text's
embeddings 0 times: they change neither loss nor gradients.
"""

import inspect
from typing import Any

import torch
from PIL import Image
from torch import nn
from transformers import PreTrainedModel

from data import DataError
from prompts.parts import Picture

SIDE = 64
"""Pixels; processors scale it to what their model reads."""
ENCODED = "mm_encoder_outputs"
"""What `generate` gives a model that reads a prompt: what it has seen in the pictures, empty where there are none."""


class BlankPicture:
    """Shown to a model from now on, in every pass over whole conversations that has no picture.

    Args:
        model: a vision-language model, or an adapter on one.

    Raises:
        DataError: the model does not say how it sees.
    """

    def __init__(self, model: PreTrainedModel, processor: Any):
        self._backbone = backbone_of(model)
        see = getattr(self._backbone, "get_image_features", None)
        if see is None:
            raise DataError(
                f"some cases have pictures and some have none, and {type(self._backbone).__name__} cannot read those "
                "side by side while DeepSpeed or FSDP shards it: train on pictures alone, or on whole copies "
                "(multi_gpu)",
                field="data.train",
            )
        inputs = processor.image_processor(images=[Image.new("RGB", (SIDE, SIDE))], return_tensors="pt")
        takes = inspect.signature(see).parameters
        self._inputs = {name: value for name, value in inputs.items() if name in takes}
        self._is_wanted = False
        # First among the hooks: DeepSpeed's take the order of modules down, which is to be that of a real picture.
        decoder: nn.Module = self._backbone.get_decoder()
        self._backbone.register_forward_pre_hook(self._look_for_pictures, with_kwargs=True, prepend=True)
        decoder.register_forward_pre_hook(self._show, with_kwargs=True, prepend=True)

    def _look_for_pictures(self, backbone: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        pictures, cache = kwargs.get("pixel_values"), kwargs.get("past_key_values")
        goes_on = cache is not None and cache.get_seq_length() > 0  # a completion is written, its prompt was seen
        encoded = kwargs.get(ENCODED)
        sees = (pictures is not None and pictures.numel() > 0) or (encoded or {}).get("image") is not None
        self._is_wanted = not sees and not goes_on
        if self._is_wanted and encoded is not None:  # others have looked at theirs before they read a word
            self._is_wanted = False
            self._see(kwargs["input_ids"].device, self._backbone.dtype)

    def _show(
        self, decoder: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        if not self._is_wanted:
            return None
        embeddings = kwargs["inputs_embeds"]
        seen = self._see(embeddings.device, embeddings.dtype)
        features = [
            *seen.pooler_output,
            *(piece for layer in getattr(seen, "deepstack_features", ()) for piece in layer),
        ]
        # Each number times 0 and then their sum: the sum alone may be infinite in half precision.
        nothing = sum((piece * 0.0).sum() for piece in features)
        return args, kwargs | {"inputs_embeds": embeddings + nothing}

    def _see(self, device: torch.device, dtype: torch.dtype) -> Any:
        """What the vision tower makes of the blank picture."""
        inputs = {
            name: value.to(device, dtype if value.is_floating_point() else None)
            for name, value in self._inputs.items()
        }
        return self._backbone.get_image_features(**inputs, return_dict=True)


def pictured(rows: Any) -> list[bool]:
    """Which rows of a `datasets.Dataset` have pictures; nothing is opened."""
    column = Picture.row_column
    if column not in rows.column_names:
        return [False] * len(rows)
    return [bool(pictures) for pictures in rows.with_format(None)[column]]


def take_empty_for_none(model: PreTrainedModel, processor: Any = None) -> None:
    """Has a model take empty tensors, which is what is left of pictures where a batch is cut into pieces, for none;
    and all that is said of pictures (sizes, masks, counts) for none where there are no pixels.

    Args:
        processor: knows what its model is told of pictures.
    """
    told = set(getattr(getattr(processor, "image_processor", None), "model_input_names", ()))

    def without_empty(
        backbone: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        empty = {name for name, value in kwargs.items() if isinstance(value, torch.Tensor) and not value.numel()}
        if kwargs.get("pixel_values") is None or "pixel_values" in empty:
            empty |= told & kwargs.keys()
        return args, kwargs | dict.fromkeys(empty)

    backbone_of(model).register_forward_pre_hook(without_empty, with_kwargs=True, prepend=True)


def backbone_of(model: PreTrainedModel) -> Any:
    """The model below its head, and below an adapter, which calls what it is on without that one's hooks."""
    whole: Any = model
    if hasattr(whole, "get_base_model"):
        whole = whole.get_base_model()
    return whole.base_model
