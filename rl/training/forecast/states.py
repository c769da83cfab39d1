"""States: what weights, gradients and optimiser take on each device, by shapes, types and sharding.

Where DeepSpeed shards, it computes in half precision and holds the optimiser's states and a copy of the trained
weights in single precision; FSDP holds single precision and gathers halves. Elsewhere everything has the type of its
weight.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rl.training.launch.sharding import Sharding
from rl.training.trainers.muon import TOGETHER, split

_AT_ONCE = 10**9
"""Weights that DeepSpeed keeps gathered (``stage3_max_live_parameters``)."""
_BUCKET = 5 * 10**8
"""Gradients that DeepSpeed sends at once (``reduce_bucket_size``)."""
_STATES = {"sgd": 0, "adafactor": 0, "adamw_8bit": 0.5, "adamw_bnb_8bit": 0.5, "paged_adamw_8bit": 0.5, "lion": 1}
"""Numbers that an optimiser keeps for each weight, in its type; AdamW keeps 2."""
_MATRICES = 5
"""Copies that Muon makes of the matrices that it orthogonalises together."""


@dataclass(frozen=True)
class Weights:
    """Of a model."""

    numbers: int
    bytes: int
    trained: int
    """Numbers of those that learn."""
    trained_bytes: int
    in_matrices: int
    """Of the trained numbers, those that Muon updates."""
    largest_layer: int
    """Numbers in it."""

    @classmethod
    def of(cls, model: Any) -> "Weights":
        every = list({id(weight): weight for weight in model.parameters()}.values())
        trained = [weight for weight in every if weight.requires_grad]
        layers = [_numbers(layer.parameters()) for layer in _layers(model)]
        size = sum(weight.numel() * weight.element_size() for weight in every)
        learning = sum(weight.numel() * weight.element_size() for weight in trained)
        matrices = _numbers(split(model)[0])
        return cls(_numbers(every), size, _numbers(trained), learning, matrices, max(layers, default=0))


@dataclass(frozen=True)
class States:
    """Bytes on one device."""

    weights: int
    optimiser: int
    buffers: int
    """For what devices send each other."""
    gathered: int
    """Of the weights, more, while something is written."""
    stepping: int
    """More, while weights are updated."""
    on_host: int
    """Of one process, in the memory of its machine."""

    def gradients(self, whole: int, sharding: Sharding) -> int:
        """What is held of gradients once a backward pass has ended."""
        return whole // sharding.devices if sharding.shares_gradients else whole


def states_of(weights: Weights, sharding: Sharding, half: bool, optimiser: str, muon: bool, frozen: bool) -> States:
    """
    Args:
        half: whether half precision is computed in.
        optimiser: the trainer's name for it.
        muon: whether Muon updates matrices.
        frozen: for a model that is only read, such as a reference.
    """
    share, trained = sharding.devices, 0 if frozen else weights.trained
    kept = _STATES.get(optimiser, 2)
    width = 2 if half else 4
    if sharding.is_deepspeed:
        held, states = weights.numbers * width, (4 + 4 * kept) * trained / share
        sent = min(_BUCKET, trained) * width
        gathered = min(_AT_ONCE, weights.numbers) * width if sharding.shares_weights else 0
    elif sharding.kind == "fsdp":
        held, states = weights.numbers * 4 if half else weights.bytes, 4 * kept * trained / share
        sent, gathered = 0, 2 * weights.largest_layer * width
    else:
        held = weights.bytes
        per_number = weights.trained_bytes / weights.trained if trained else 0
        states = kept * trained * per_number
        if muon:
            states = (trained * 2 - weights.in_matrices) * per_number
        sent, gathered = (weights.trained_bytes if sharding.kind == "ddp" and not frozen else 0), 0
    own = held // share if sharding.shares_weights else held
    on_host = own * sharding.weights_on_host + int(states) * sharding.optimiser_on_host
    return States(
        weights=0 if sharding.weights_on_host else own,
        optimiser=0 if sharding.optimiser_on_host else int(states),
        buffers=sent + gathered,
        gathered=weights.numbers * width if sharding.shares_weights else 0,
        stepping=_MATRICES * 4 * min(TOGETHER, weights.in_matrices) if muon and not frozen else 0,
        on_host=on_host,
    )


def _numbers(weights: Iterable[Any]) -> int:
    return sum(weight.numel() for weight in weights)


def _layers(model: Any) -> list[Any]:
    return [layer for module in model.modules() if type(module).__name__ == "ModuleList" for layer in module]
