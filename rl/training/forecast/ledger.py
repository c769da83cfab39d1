"""Ledger: the bytes that tensors hold while a model runs, real or imagined.

What is allocated inside a kernel is not seen, nor what the allocator keeps for later.
"""

import weakref
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Ledger(TorchDispatchMode):
    """Meanwhile, every storage that appears is counted until it is gone. Bytes, beside the model's own weights.

    Args:
        model: whose weights are not counted; their gradients are.
    """

    def __init__(self, model: nn.Module):
        super().__init__()
        tensors = [*model.parameters(), *model.buffers()]
        self._own = {tensor.untyped_storage()._cdata for tensor in tensors}
        self._trained = [weight for weight in model.parameters() if weight.requires_grad]
        self._open: dict[int, weakref.ref[Any]] = {}
        self._saved: set[int] = set()
        self.live = 0
        """Now."""
        self.peak = 0
        """The most at once."""
        self.gradients = 0
        """Of weights."""
        self.peak_without_gradients = 0
        """The most at once of all else."""
        self.saved = 0
        """What passes have kept for their backward passes, each storage once."""

    def __enter__(self) -> "Ledger":
        hooks = [weight.register_post_accumulate_grad_hook(self._accumulated) for weight in self._trained]
        self._hooks, self._saving = hooks, saved_tensors_hooks(self._save, lambda tensor: tensor)
        self._saving.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._saving.__exit__(*error)
        for hook in self._hooks:
            hook.remove()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self._see(leaf.untyped_storage())
        return result

    def _see(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._open or key in self._own:
            return
        self._open[key] = weakref.ref(storage, partial(self._forget, key, size))
        self.live += size
        self.peak = max(self.peak, self.live)
        self.peak_without_gradients = max(self.peak_without_gradients, self.live - self.gradients)

    def _forget(self, key: int, size: int, _: Any) -> None:
        self.live -= size
        self._saved.discard(key)
        del self._open[key]

    def _save(self, tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key not in self._own and key not in self._saved:
            self._saved.add(key)
            self.saved += storage.nbytes()
        return tensor

    def _accumulated(self, weight: torch.Tensor) -> None:
        if weight.grad is not None:
            self.gradients += weight.grad.untyped_storage().nbytes()
