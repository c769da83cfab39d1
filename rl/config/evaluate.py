"""EvalRecipe: which model is measured, on which cases, and how it is asked.

>>> recipe = EvalRecipe.load("billboard/eval", {"model.path": "runs/mine", "decoding.temperature": "0.5"})
>>> recipe.model.path, recipe.decoding.temperature
('runs/mine', 0.5)
"""

from data.windows import WindowSettings
from prompts.excerpts.settings import ExcerptChoice
from rl.config.decoding import Decoding
from rl.config.desk import DeskConfig
from rl.config.model import ModelConfig
from rl.config.recipe import Files, Recipe


class EvalRecipe(Recipe):
    """Evaluation of a model on cases that it was not trained on."""

    kind = "eval"

    model: ModelConfig | None = None
    """What is measured; a command line can name another."""
    data: Files
    """Cases with gold: JSONL files, folders or datasets."""
    rulebook: str
    """A YAML file, or the name of a shipped rulebook."""
    excerpt: ExcerptChoice | None = None
    """The rules of it that a case is shown, as in training; None is as the model was trained."""
    windows: WindowSettings | None = None
    """Cuts cases, which are then streams, into windows, as in training; None takes them whole."""
    decoding: Decoding = Decoding()
    """How the model is asked."""
    desk: DeskConfig | None = None
    """What the model may look things up with; None is as it was trained."""
