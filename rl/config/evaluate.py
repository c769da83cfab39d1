"""EvalRecipe: which model is measured, on which cases, and how it is asked."""

from rl.config.decoding import Decoding
from rl.config.model import ModelConfig
from rl.config.recipe import Files, Recipe


class EvalRecipe(Recipe):
    """Evaluation of a model on cases that it was not trained on."""

    kind = "eval"

    model: ModelConfig | None = None
    """What is measured; a command line can name another."""
    data: Files
    rulebook: str
    """A YAML file, or the name of a shipped rulebook."""
    decoding: Decoding = Decoding()
    """How the model is asked."""
