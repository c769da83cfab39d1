"""MovingAverage: a model whose weights are an exponential moving average of another's. Loads torch."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_model, save_model

from data import DataError
from data.files import whole_file


class MovingAverage:
    """Has a model follow another one.

    Args:
        model: its weights are moved; plain, in float32.
        decay: the share of them that each update leaves.
    """

    def __init__(self, model: torch.nn.Module, decay: float):
        self._model, self._own, self._decay = model, dict(model.named_parameters()), decay
        self._policy: Any = None

    def follow(self, policy: Any) -> None:
        """Follow this model from now on: whole, with or without LoRA adapters, perhaps wrapped for DDP.

        Raises:
            DataError: its weights are sharded, or are not those of the same architecture.
        """
        self._policy = getattr(policy, "module", policy)
        self._check()

    @torch.no_grad()
    def update(self) -> None:
        """``own = decay · own + (1 - decay) · policy``, weight by weight."""
        assert self._policy is not None, "the trainer tells whom to follow before the first step"
        for name, weight in _merged(self._policy):
            own = self._own[name]
            own.lerp_(weight.to(own.device, own.dtype), 1.0 - self._decay)

    def save(self, file: Path) -> None:
        """Writes the average as safetensors."""
        with whole_file(file) as draft:
            save_model(self._model, str(draft))

    def load(self, file: Path) -> None:
        """Goes on from an average that was saved.

        Raises:
            DataError: there is none.
        """
        if not file.is_file():
            raise DataError(
                "the checkpoint has no reference to go on with: was it saved with another rubric?", file=file
            )
        load_model(self._model, str(file))

    def _check(self) -> None:
        if any(hasattr(weight, "ds_id") or hasattr(weight, "placements") for weight in self._policy.parameters()):
            raise DataError(
                "the reference cannot follow a policy whose weights are sharded (ZeRO-3, FSDP): train with ZeRO-2 "
                "or DDP, or set decay: 1 for a reference that stays as it is",
                field="decay",
            )
        shapes = {name: tuple(weight.shape) for name, weight in _merged(self._policy)}
        differing = {name for name in {*shapes, *self._own} if shapes.get(name) != _shape(self._own.get(name))}
        if differing:
            raise DataError(
                f"the policy is of another architecture than the reference: {len(differing)} weights differ in name "
                f"or shape ({', '.join(sorted(differing)[:3])}…); start both from one checkpoint",
                field="model",
            )


def _merged(policy: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """The weights by their names in the plain model, what adapters add to them included."""
    plain = policy.get_base_model() if hasattr(policy, "get_base_model") else policy
    layers = {name: layer for name, layer in plain.named_modules() if hasattr(layer, "get_delta_weight")}
    inner = ".base_layer.weight"
    for name, weight in plain.named_parameters():
        layer = layers.get(name.removesuffix(inner)) if name.endswith(inner) else None
        if layer is not None:
            for adapter in layer.active_adapters:
                weight = weight + layer.get_delta_weight(adapter)
        if ".lora_" not in name:
            yield name.replace(".base_layer.", "."), weight


def _shape(weight: torch.Tensor | None) -> tuple[int, ...] | None:
    return None if weight is None else tuple(weight.shape)
