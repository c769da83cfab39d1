"""Teacher: the policy as it was at the start, as it is, or a moving average of it, to be read beside the student.

What it takes beside the policy is as little as can be: nothing, where it is the policy itself or the policy without
its adapter; a second adapter, where the policy is one; another model else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel

from data import DataError
from data.files import whole_file
from rewards.models.checkpoint import base_of_adapter
from rewards.models.location import resolve
from rewards.models.moving_average import MovingAverage
from rl.config.model import ModelConfig
from rl.models.divergence import Head
from rl.models.lesson import hidden_at
from rl.models.load import load_model
from rl.models.second_adapter import adapter_active, add_copy, without_adapter
from rl.shared_prefix.attention import bare

TEACHER = "teacher"
"""The adapter."""


class Teacher:
    """The policy itself, as it is.

    Args:
        policy: with its adapter on it, if it has one; not wrapped for several processes.
    """

    model: PreTrainedModel | None = None
    """Its own, where it has one."""

    def __init__(self, policy: Any):
        self.policy = policy

    @contextmanager
    def speaking(self) -> Iterator[PreTrainedModel]:
        """Meanwhile, what is given speaks as the teacher."""
        yield bare(self.policy)

    def read(self, inputs: dict[str, Any], places: torch.Tensor, temperature: float) -> tuple[torch.Tensor, Head]:
        """Its hidden states at places of a batch (N, H), and the head that reads them; without dropout and gradients.

        Args:
            inputs: what a model is called with.
            places: (N,) in the batch, flattened.
        """
        with torch.no_grad(), self.speaking() as model:
            training = model.training
            model.eval()
            states = hidden_at(model, inputs, places)
            model.train(training)
            return states, Head.of(model, temperature)

    def follow(self) -> None:
        """The policy has made a step."""

    def save(self, file: Path) -> None:
        """Writes what a run cannot go on without, if there is such."""

    def restore(self, file: Path) -> None:
        """Goes on from what was saved.

        Raises:
            DataError: it is another teacher's.
        """

    @contextmanager
    def left_out(self) -> Iterator[None]:
        """Meanwhile, the policy is saved without it."""
        yield


class BaseTeacher(Teacher):
    """The policy without its adapter: where it began with a new one, which adds nothing."""

    @contextmanager
    def speaking(self) -> Iterator[PreTrainedModel]:
        with self.policy.disable_adapter():
            yield bare(self.policy)


class AdapterTeacher(Teacher):
    """A second adapter over the policy's frozen weights.

    Args:
        decay: the share of its weights that each step leaves.
    """

    def __init__(self, policy: PeftModel, decay: float):
        super().__init__(policy)
        self.decay, active = decay, policy.active_adapter
        add_copy(policy, TEACHER)
        weights = dict(policy.named_parameters())
        self._own = {name: weight.requires_grad_(False) for name, weight in weights.items() if is_teachers(name)}
        self._students = {
            name: weights[".".join(active if part == TEACHER else part for part in name.split("."))]
            for name in self._own
        }

    @contextmanager
    def speaking(self) -> Iterator[PreTrainedModel]:
        with adapter_active(self.policy, TEACHER, learns=False):
            yield bare(self.policy)

    @torch.no_grad()
    def follow(self) -> None:
        if self.decay < 1:
            for name, weight in self._own.items():
                weight.lerp_(self._students[name].to(weight.dtype), 1 - self.decay)

    def save(self, file: Path) -> None:
        with whole_file(file) as draft:
            save_file({name: weight.detach().contiguous().cpu() for name, weight in self._own.items()}, draft)

    @torch.no_grad()
    def restore(self, file: Path) -> None:
        weights = _weights(file)
        if weights.keys() != self._own.keys():
            raise DataError("is of another teacher: its weights are those of another adapter", file=file)
        for name, weight in self._own.items():
            weight.copy_(weights[name])

    @contextmanager
    def left_out(self) -> Iterator[None]:
        with without_adapter(self.policy, TEACHER):
            yield


class ModelTeacher(Teacher):
    """Another model: what a policy that is trained whole began with, or a moving average of it.

    Args:
        start: the model that the policy began with.
        decay: the share of its weights that each step leaves.
    """

    def __init__(self, policy: PreTrainedModel, start: ModelConfig, decay: float):
        super().__init__(policy)
        # Of a moving average, half precision would round away what a step adds.
        start = start.model_copy(update={"dtype": "float32"}) if decay < 1 else start
        model: Any = load_model(start, trainable=False)
        self.model = model.to(policy.device).requires_grad_(False)
        self._average = MovingAverage(self.model, decay) if decay < 1 else None
        if self._average is not None:
            self._average.follow(policy)

    @contextmanager
    def speaking(self) -> Iterator[PreTrainedModel]:
        assert self.model is not None
        yield self.model

    def follow(self) -> None:
        if self._average is not None:
            self._average.update()

    def save(self, file: Path) -> None:
        if self._average is not None:
            self._average.save(file)

    def restore(self, file: Path) -> None:
        if self._average is not None:
            self._average.load(file)


def teacher_of(policy: Any, start: ModelConfig, decay: float) -> Teacher:
    """The teacher of a policy, at the start of a run.

    Args:
        policy: as the run begins with it, or as it was when a checkpoint was saved.
        start: the model that the run began with.
        decay: the share of the teacher's weights that each step leaves: 1 is the policy as it was at the start, 0 the
            policy itself.
    """
    if decay == 0:
        return Teacher(policy)
    if not isinstance(policy, PeftModel):
        return ModelTeacher(policy, start, decay)
    began_bare = base_of_adapter(resolve(str(start.path))) is None
    return BaseTeacher(policy) if decay == 1 and began_bare else AdapterTeacher(policy, decay)


def is_teachers(name: str) -> bool:
    """Whether a weight of a policy, by its dotted name, is of its teacher's adapter."""
    return TEACHER in name.split(".")


def _weights(file: Path) -> dict[str, torch.Tensor]:
    if not file.is_file():
        raise DataError("the checkpoint has no teacher to go on with: was it saved with another decay?", file=file)
    return load_file(file)
