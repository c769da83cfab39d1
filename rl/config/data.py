"""DataConfig: the section ``data`` of recipes for training: the cases, their rulebook, and how they are shown.

>>> DataConfig(train="ads.jsonl", rulebook="rules.yaml", excerpt={"retrieve": "bm25"}).excerpt.k
8
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from data.windows import WindowSettings
from prompts.excerpts.settings import ExcerptChoice
from rl.config.recipe import Files


class WindowsConfig(WindowSettings):
    """Cases as streams; see `data.windows`."""

    memory: Literal["gold", "policy"] = "gold"
    """Whose findings a window is told of as those of the windows before it: what gold says of them, or what the model
    itself finds that reinforcement learning begins with."""


class DataConfig(BaseModel):
    """The cases to train on, and the rulebook they are judged by. Paths are relative to the current folder."""

    model_config = ConfigDict(extra="forbid")

    train: Files
    valid: Files = Field(default_factory=list)
    """Cases to watch the loss on while training, whenever the run is saved if ``eval_strategy`` does not say when, and
    to choose the best checkpoint by where the recipe has ``select``; may be empty."""
    rulebook: str
    """A YAML file, or the name of a shipped rulebook."""
    excerpt: ExcerptChoice = "named"
    """The rules of it that a case is shown: those that it names, or how to retrieve them."""
    template: str = "default"
    """Name of the prompt template, or a folder of your own with ``system.j2`` and ``user.j2``."""
    windows: WindowsConfig | None = None
    """Cuts cases that have times into windows, as `ruling watch` sees them; None takes them whole. All windows of one
    are shown the rules that are retrieved for the whole."""
