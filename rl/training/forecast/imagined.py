"""Imagined: a model runs on tensors without numbers, which take no memory and no arithmetic.

Floating-point tensors are fake (`torch._subclasses.fake_tensor`): they have a shape, a type and a storage of a size,
and nothing in it. Integers are computed as ever, since models ask them where pictures stand and how large they are: so
whole vision-language models run, towers and masks with them, where `FakeTensorMode` alone stops at the first question.

What a model asks of a floating-point number is answered 0. No random number is drawn.
"""

from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

LARGE = 1 << 24
"""Integers and truth values beyond this many, such as the mask of a long batch, are fake as well."""
_aten = torch.ops.aten
_BY_MASK = {_aten.index.Tensor, _aten.index_put.default, _aten.index_put_.default, _aten._index_put_impl_.default}


class Imagined(TorchDispatchMode):
    """Meanwhile, what is made or computed is imagined. Import models before: imports make tensors, too."""

    def __init__(self) -> None:
        super().__init__()
        self._fake = FakeTensorMode(allow_non_fake_inputs=True)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        if any(isinstance(tensor, FakeTensor) for tensor in tensors):
            if func is _aten._local_scalar_dense.default:
                return 0.0
            if func in _BY_MASK:
                args = (args[0], _places(args[1]), *args[2:])
        elif tensors:
            dtype = kwargs.get("dtype") or torch.long
            if not any(_is_imagined(tensor.dtype) for tensor in (*tensors, torch.empty(0, dtype=dtype))):
                return func(*args, **kwargs)
        else:
            with self._fake:
                made = func(*args, **kwargs)
            if not isinstance(made, torch.Tensor) or _is_imagined(made.dtype) or made.numel() > LARGE:
                return made
            return func(*args, **kwargs)
        with self._fake:
            return func(*args, **kwargs)

    def shape(self, tensor: torch.Tensor) -> torch.Tensor:
        """A tensor as it is seen here: itself, or its shape alone."""
        return self._fake.from_tensor(tensor) if _is_imagined(tensor.dtype) else tensor


def _is_imagined(dtype: torch.dtype) -> bool:
    return dtype.is_floating_point or dtype.is_complex


def _places(indices: Any) -> list[Any]:
    """Masks in a list of indices as the places that they say: how many there are decides what comes out."""
    found: list[Any] = []
    for index in indices:
        is_mask = index is not None and index.dtype == torch.bool and not isinstance(index, FakeTensor)
        found += index.nonzero(as_tuple=True) if is_mask else [index]
    return found
