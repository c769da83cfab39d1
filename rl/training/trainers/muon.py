"""Muon for the weights of linear layers and AdamW for the rest, as one optimiser.

Muon orthogonalises each update of a matrix (Jordan et al. 2024). Scaled to the root mean square of AdamW's updates
(Liu et al. 2025, "Muon is Scalable for LLM Training"), it takes AdamW's learning rate. A model that starts from
nothing learns to read in fewer steps than with AdamW: `benchmarks/muon.py`.

PyTorch's Muon orthogonalises matrix by matrix, and in bfloat16 on any machine: where a CPU emulates that, it took
three quarters of a tiny model's step. Here matrices of one shape are orthogonalised together, in bfloat16 only where
the machine computes in it. All else is PyTorch's.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.optim import AdamW, Muon, Optimizer
from torch.optim._muon import _adjust_lr
from transformers import TrainingArguments

from data import DataError
from rewards.models.machine import computes_in_bfloat16
from rl.training.launch.process import is_fsdp

TOGETHER = 2**24
"""Most numbers that are orthogonalised at once: 64 MB in float32, and a few times that while it lasts."""
NOT_SHARDED = "Muon needs whole matrices, which DeepSpeed and FSDP shard: leave it out (--muon false)"


class BatchedMuon(Muon):
    """PyTorch's Muon, with its settings and its state; see the module."""

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        assert closure is None, "the trainer computes gradients itself"
        dtype = torch.bfloat16 if computes_in_bfloat16() else torch.float32
        for group in self.param_groups:
            parameters: list[torch.Tensor] = []
            gradients: list[torch.Tensor] = []
            averages: list[torch.Tensor] = []
            self._init_group(group, parameters, gradients, averages)
            updates = []
            for gradient, average in zip(gradients, averages, strict=True):
                average.lerp_(gradient, 1 - group["momentum"])
                updates.append(gradient.lerp(average, group["momentum"]) if group["nesterov"] else average)
            for places in _alike(updates):
                batch = torch.stack([updates[place] for place in places])
                turned = orthogonalised(batch.to(dtype), group["ns_coefficients"], group["ns_steps"], group["eps"])
                for place, update in zip(places, turned, strict=True):
                    parameter, lr = parameters[place], group["lr"]
                    parameter.mul_(1 - lr * group["weight_decay"])
                    parameter.add_(update, alpha=-_adjust_lr(lr, group["adjust_lr_fn"], parameter.shape))


def orthogonalised(
    matrices: torch.Tensor, coefficients: tuple[float, float, float], steps: int, eps: float
) -> torch.Tensor:
    """Matrices (N, m, n) with their singular values brought near 1, by Newton and Schulz's iteration.

    Source: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks".

    Args:
        coefficients: of the quintic polynomial that each step applies to the singular values.
        eps: least norm that a matrix is divided by.
    """
    a, b, c = coefficients
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=eps)  # no singular value is above 1
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


def _alike(matrices: list[torch.Tensor]) -> list[list[int]]:
    """The places of matrices of one shape on one device, as many together as memory should hold."""
    shapes: dict[Any, list[int]] = defaultdict(list)
    for place, matrix in enumerate(matrices):
        shapes[matrix.shape, matrix.device].append(place)
    batches = []
    for (shape, _), places in shapes.items():
        size = max(1, TOGETHER // max(1, shape.numel()))
        batches += [places[start : start + size] for start in range(0, len(places), size)]
    return batches


class MuonAndAdamW(Optimizer):
    """Two optimisers that are stepped, scheduled, saved and loaded as one.

    Args:
        model: whose parameters to train. Muon needs whole matrices: sharded ones will not do.
        lr: learning rate of both.
        betas: AdamW's.
        eps: AdamW's.
        weight_decay: of both, on everything but vectors.
    """

    def __init__(self, model: nn.Module, lr: float, betas: tuple[float, float], eps: float, weight_decay: float):
        linear, others, vectors = split(model)
        groups = [{"params": others, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
        self.parts: tuple[Optimizer, ...] = (
            BatchedMuon(linear, lr=lr, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"),
            AdamW(groups, lr=lr, betas=betas, eps=eps),
        )
        super().__init__([group for part in self.parts for group in part.param_groups], {})
        self._share_groups()

    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        assert closure is None, "the trainer computes gradients itself"
        for part in self.parts:
            part.step()

    def state_dict(self) -> dict[str, Any]:
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        for part, state in zip(self.parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)
        self._share_groups()

    def _share_groups(self) -> None:
        """The groups are those of the parts, so that what a scheduler sets here is what they read."""
        self.param_groups = [group for part in self.parts for group in part.param_groups]


def split(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter], list[nn.Parameter]]:
    """The trainable parameters: weights of linear layers, other tensors (embeddings, convolutions), and vectors."""
    tables = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    linear: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    vectors: list[nn.Parameter] = []
    for parameter in model.parameters():
        if parameter.requires_grad:
            is_linear = parameter.ndim == 2 and id(parameter) not in tables
            (linear if is_linear else others if parameter.ndim > 1 else vectors).append(parameter)
    return linear, others, vectors


def muon(arguments: TrainingArguments) -> tuple[Callable[[], type[MuonAndAdamW]], dict[str, Any]]:
    """What the trainer builds its optimiser from; learning rate, decay and AdamW's own settings are the recipe's.

    Raises:
        DataError: the run is sharded.
    """
    if arguments.deepspeed_plugin is not None or is_fsdp(arguments):
        raise DataError(NOT_SHARDED, field="muon")
    return lambda: MuonAndAdamW, {
        "lr": arguments.learning_rate,
        "betas": (arguments.adam_beta1, arguments.adam_beta2),
        "eps": arguments.adam_epsilon,
        "weight_decay": arguments.weight_decay,
    }
