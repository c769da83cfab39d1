"""Decoding: how a model is asked. The section ``decoding`` of a recipe for evaluation."""

from dataclasses import dataclass, field, replace
from typing import Literal

from data import DataError

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
        if self.samples > 1 and self.temperature == 0:
            raise DataError("temperature 0 gives the same completion every time: raise it, or take one sample")

    def with_template(self, template: str) -> "Decoding":
        """The same with this template, where none is named yet."""
        return self if self.template is not None else replace(self, template=template)
