"""What every training run starts with: the model that its recipe asks for."""

from collections.abc import Sequence

from accelerate import PartialState

from data import Case, Rulebook
from rl.model_config import ModelConfig
from rl.recipe import TrainRecipe
from rl.rows import texts_of


def model_of(recipe: TrainRecipe, cases: Sequence[Case], book: Rulebook) -> ModelConfig:
    """The recipe's model; where that is a tiny one to be built, builds it under ``OUTPUT/tiny`` first."""
    tiny = recipe.model.tiny
    if tiny is None:
        return recipe.model
    from rl.tiny import TinySize, build_tiny

    folder = recipe.output / "tiny"
    state = PartialState()
    if state.is_main_process and not (folder / "config.json").is_file():
        size = TinySize(vocab=tiny.vocab, hidden=tiny.hidden, layers=tiny.layers, context=tiny.context)
        texts = texts_of(cases, book, recipe.data.template)
        build_tiny(folder, texts, tiny.kind, size, tiny.image_tokens, recipe.seed)
    state.wait_for_everyone()
    return recipe.model.at(folder)
