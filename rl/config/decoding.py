"""Decoding: how a model is asked. The section ``decoding`` of a recipe."""

from dataclasses import dataclass
from typing import Literal

from data import DataError

Precision = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True)
class Decoding:
    """How a model is asked; the meaning of each field is that of `rl.generation.local.generations`."""

    template: str | None = None
    """The prompt template; None is the one that the model was trained with, and ``default`` for any other model."""
    max_new_tokens: int = 512
    temperature: float = 0.0
    samples: int = 1
    seed: int = 0
    batch_size: int = 32
    dtype: Precision = "auto"
    """Precision of the weights; ``auto`` is what the checkpoint says."""

    def __post_init__(self) -> None:
        if self.samples > 1 and self.temperature == 0:
            raise DataError("temperature 0 gives the same completion every time: raise it, or take one sample")
