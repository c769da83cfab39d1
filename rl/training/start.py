"""How every training run begins and ends: its model, its final checkpoint and its ``run.json``."""

from collections.abc import Sequence
from pathlib import Path

from accelerate import PartialState
from transformers import Trainer

from data import Case, Rulebook
from rl.config.model import ModelConfig, TinyConfig
from rl.config.recipe import TrainRecipe
from rl.runs.checkpoints import checkpoint_to_resume, remove_cut_off
from rl.runs.folder import RunFolder
from rl.runs.provenance import provenance, write_run
from rl.training.rows import texts_of


def model_of(recipe: TrainRecipe, cases: Sequence[Case], book: Rulebook) -> ModelConfig:
    """The recipe's model; where that is a tiny one to be built, builds it under ``OUTPUT/tiny`` unless it is there."""
    if recipe.model.tiny is None:
        return recipe.model
    folder = RunFolder(recipe.output).tiny
    # Processes of a launched run find it there: under ZeRO-3, one of them alone could not build a model.
    if not (folder / "config.json").is_file():
        build(recipe.model.tiny, folder, texts_of(cases, book, recipe.data.template), recipe.seed)
    return recipe.model.at(folder)


def build(tiny: TinyConfig, folder: Path, texts: Sequence[str], seed: int) -> Path:
    """Builds the tiny model that a recipe describes, for texts such as these."""
    from rl.models.tiny import TinySize, build_tiny

    size = TinySize(vocab=tiny.vocab, hidden=tiny.hidden, layers=tiny.layers, context=tiny.context)
    return build_tiny(folder, texts, tiny.kind, size, tiny.image_tokens, seed)


def start_of(run: RunFolder, resume: bool) -> Path | None:
    """The checkpoint that a run starts from, if any; those that a kill cut off are removed."""
    newest = checkpoint_to_resume(run, resume)
    state = PartialState()
    state.wait_for_everyone()
    if state.is_main_process:
        remove_cut_off(run)
    state.wait_for_everyone()
    return newest


def finish(trainer: Trainer, recipe: TrainRecipe, book: Rulebook) -> Path:
    """Saves the trained model and says in ``run.json`` what it comes from.

    Returns:
        The folder of the final checkpoint.
    """
    final = RunFolder(recipe.output).final
    trainer.save_model(str(final))  # every process takes part: under ZeRO each holds a share of the weights
    if trainer.is_world_process_zero():
        facts = provenance(
            model=final,
            book=book,
            template=recipe.data.template,
            recipe=recipe.model_dump(mode="json", exclude_defaults=True),
            steps=trainer.state.global_step,
            processes=trainer.args.world_size,
            wrapper=type(trainer.model_wrapped).__name__,
        )
        write_run(recipe.output, facts)
    trainer.accelerator.wait_for_everyone()
    return final
