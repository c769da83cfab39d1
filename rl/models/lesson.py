"""Lesson: a model's forward that compares what it would write with what a teacher would, place by place.

The comparison is made inside of the forward, like TRL's log-probabilities: data parallelism finds every weight by what
a forward gives back.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MethodType
from typing import Any, NamedTuple

import torch
from transformers import PreTrainedModel

from rl.models.divergence import Head, Kind, Teaches, compared

_OF_THE_HEAD = ("labels", "shift_labels", "fused_lm_head")


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a teacher says at N places of a batch."""

    places: torch.Tensor
    """(N,) where the tokens stand behind which the student is compared, in its batch flattened."""
    teacher: Teaches
    kind: Kind
    top_k: int | None = None
    temperature: float = 1.0
    """What the student's scores are divided by; the teacher's have been."""


class Learned(NamedTuple):
    """At each place of a lesson, (N,) each."""

    divergence: torch.Tensor
    """How far the student is from the teacher, in nats."""
    entropy: torch.Tensor
    """The student's; without gradient."""


def hidden_at(model: PreTrainedModel, inputs: Mapping[str, Any], places: torch.Tensor) -> torch.Tensor:
    """The hidden states below a model's head, (N, H).

    Args:
        inputs: what the model is called with; labels are passed over.
        places: (N,) in the batch, flattened.
    """
    below = {name: value for name, value in inputs.items() if name not in _OF_THE_HEAD}
    trunk: Any = model.base_model
    hidden: torch.Tensor = trunk(**{**below, "use_cache": False}).last_hidden_state
    return hidden.flatten(0, 1)[places]


def make_teachable(model: PreTrainedModel) -> None:
    """Has a model's forward take a ``lesson``, and give back what is `Learned` from it. Without one it is as it was.

    Args:
        model: without what wraps it for several processes or for adapters; they stay in it.
    """
    written = model.forward

    @functools.wraps(type(model).forward)  # `generate` reads what a forward takes from its signature
    def forward(self: PreTrainedModel, *args: Any, lesson: Lesson | None = None, **kwargs: Any) -> Any:
        if lesson is None:
            return written(*args, **kwargs)
        own = hidden_at(self, kwargs, lesson.places), Head.of(self, lesson.temperature)
        return Learned(*compared(own, lesson.teacher, lesson.kind, lesson.top_k))

    model.forward = MethodType(forward, model)
