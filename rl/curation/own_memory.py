"""Own memory: before reinforcement learning, the model watches the streams that it will be trained on. What prompts
tell of earlier windows is then what it finds itself, with its own errors, and not what gold says.

The findings are those of the model that training begins with; they are kept in the run's folder, so that a resumed
run, and each process of a launched one, goes on with them.
"""

from data import Briefs, DataError
from rl.config.decoding import Decoding
from rl.config.policy import PolicyRecipe
from rl.generation.episodes import engine_of
from rl.generation.watching import own_windows
from rl.runs.folder import RunFolder
from rl.runs.own_memory import OwnMemory


def with_own_memory(recipe: PolicyRecipe, model: str, windows: Briefs) -> Briefs:
    """The windows to train on, each told of what the model found in those before it; as they are where the recipe
    takes no windows, or their memory from gold.

    Args:
        model: the checkpoint that training starts from.

    Raises:
        DataError: what is kept is damaged, or was found by another model or in other windows.
    """
    config = recipe.data.windows
    if config is None or config.memory == "gold":
        return windows
    file, settings = RunFolder(recipe.output).memory, config.model_dump(mode="json")
    if not file.is_file():
        found = own_windows(engine_of(model), windows, config, decoding_of(recipe))
        OwnMemory.of(found, model, settings).write(file)
    kept = OwnMemory.read(file)
    if (kept.model, kept.settings) != (model, settings):
        raise DataError("was found by another model or in other windows: give the run another 'output'", file=file)
    return kept.told(windows, file)


def decoding_of(recipe: PolicyRecipe) -> Decoding:
    """How the model that training starts from is asked beforehand: for its likeliest ruling."""
    return Decoding(
        template=recipe.data.template,
        max_new_tokens=recipe.trainer.get("max_completion_length", Decoding.max_new_tokens),
        batch_size=recipe.trainer.get("per_device_train_batch_size", Decoding.batch_size),
        chat_template_kwargs=recipe.model.chat_template_kwargs,
    )
