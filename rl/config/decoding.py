"""Decoding: how a model is asked. The section ``decoding`` of a recipe for evaluation."""

from dataclasses import dataclass, field, replace
from typing import Literal

from data import DataError

MOST = 2**32 - 1
"""The most that any number here may be: as a seed, what every library takes."""
Precision = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True)
class Decoding:
    """How a model is asked, and how many episodes it writes about each case."""

    template: str | None = None
    """The prompt template; None is the one that the model was trained with, and ``default`` for any other model."""
    max_new_tokens: int = 512
    """A completion is cut off there."""
    temperature: float = 0.0
    """0 is greedy; above, completions are sampled."""
    samples: int = 1
    """Episodes about each case; more than one need a temperature above 0."""
    seed: int = 0
    """Of the sampling."""
    batch_size: int = 32
    """Completions that a model in this process writes at once."""
    dtype: Precision = "auto"
    """Precision of the weights of a model in this process; ``auto`` is what the checkpoint says."""
    chat_template_kwargs: dict[str, bool | int | float | str] = field(default_factory=dict)
    """Variables for the chat template, such as ``enable_thinking``, in this process and on servers that take them. A
    model that was trained with some has them in its template."""

    def __post_init__(self) -> None:
        at_least = {"max_new_tokens": 1, "temperature": 0, "samples": 1, "seed": 0, "batch_size": 1}
        for name, least in at_least.items():
            value = getattr(self, name)
            if not least <= value <= MOST:  # False for what is not a number, too
                raise DataError(f"{name}: want a number from {least} to {MOST:,}, not {value}")
        if self.samples > 1 and self.temperature == 0:
            raise DataError("temperature 0 gives the same completion every time: raise it, or take one sample")

    def with_template(self, template: str) -> "Decoding":
        """The same with this template, where none is named yet."""
        return self if self.template is not None else replace(self, template=template)
