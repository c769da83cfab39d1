"""Muon for the weights of linear layers and AdamW for the rest, as one optimiser.

Muon orthogonalises each update of a matrix (Jordan et al. 2024). Scaled to the root mean square of AdamW's updates
(Liu et al. 2025, "Muon is Scalable for LLM Training"), it takes AdamW's learning rate. A model that starts from
nothing learns to read in fewer steps than with AdamW: `benchmarks/muon.py`.
"""

from collections.abc import Callable
from typing import Any

from torch import nn
from torch.optim import AdamW, Muon, Optimizer


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
            Muon(linear, lr=lr, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"),
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
