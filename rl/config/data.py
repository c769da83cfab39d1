"""DataConfig: the cases to train on, and what they are judged by. The section ``data`` of a recipe for training.

>>> DataConfig(train="ads.jsonl", rulebook="rules.yaml", excerpt={"retrieve": "bm25"}).excerpt.k
8
"""

from pydantic import BaseModel, ConfigDict, Field

from prompts.excerpts.settings import ExcerptChoice
from rl.config.recipe import Files


class DataConfig(BaseModel):
    """The cases to train on, and the rulebook they are judged by. Paths are relative to the current folder."""

    model_config = ConfigDict(extra="forbid")

    train: Files
    valid: Files = Field(default_factory=list)
    """Cases to watch the loss on while training, whenever the run is saved if ``eval_strategy`` does not say when; may
    be empty."""
    rulebook: str
    """A YAML file, or the name of a shipped rulebook."""
    excerpt: ExcerptChoice = "named"
    """The rules of it that a case is shown: those that it names, or how to retrieve them."""
    template: str = "default"
    """Name of the prompt template."""
