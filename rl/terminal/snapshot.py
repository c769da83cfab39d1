"""Snapshot: a training run after one optimiser step, in the figures that people watch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rl.terminal.quantities import share


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is None does not apply, or is not known yet."""

    step: int
    """Optimiser steps that are done; a run that goes on counts those before it too."""
    steps: int
    """How many there are to be."""
    seconds: float
    """Since this process began to train."""
    logged: bool = False
    """Whether the run's log has an entry for this step."""
    loss: float | None = None
    """SFT: of this step, in the first process."""
    reward: float | None = None
    """RL: the mean total of this step's completions."""
    accuracy: float | None = None
    """RL: the share of their verdicts that are right, 0..1."""
    teaching: float | None = None
    """RL: the share of groups whose completions do not all earn the same, 0..1."""
    valid_loss: float | None = None
    """SFT: of the cases to watch, when they were last looked at."""
    valid_reward: float | None = None
    """RL: of the cases to watch, when they were last looked at."""
    tokens: float | None = None
    """Read and written in training so far, by all processes."""
    memory: int | None = None
    """In bytes: the most that the GPU has held, or what this process holds on a CPU."""
    place: Literal["GPU", "RAM"] = "RAM"
    """Where that memory is."""


Watch = Callable[[Snapshot], None]
"""Whoever is to be told of each step."""


@dataclass(frozen=True)
class Figure:
    """One of a snapshot's figures that training moves."""

    field: str
    name: str
    """What people call it."""
    short: str
    """What it is called where there is little room."""
    text: Callable[[float], str]
    """How it is written."""

    def of(self, snapshot: Snapshot) -> float | None:
        """Its value; None where it does not apply."""
        value: float | None = getattr(snapshot, self.field)
        return value


FIGURES = (
    Figure("loss", "loss", "loss", "{:.3f}".format),
    Figure("reward", "reward", "reward", "{:.2f}".format),
    Figure("accuracy", "verdicts right", "right", share),
    Figure("teaching", "groups that teach", "teach", share),
    Figure("valid_loss", "valid loss", "valid", "{:.3f}".format),
    Figure("valid_reward", "valid reward", "valid", "{:.2f}".format),
)
"""All of them, the more important ones first."""
