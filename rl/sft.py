"""Supervised fine-tuning: the model learns to write the rulings that gold states.

The loss is on the completion only. Batches, loss and checkpoints are TRL's.
"""

from pathlib import Path

from transformers import set_seed
from trl import SFTTrainer

from data import Rulebook, load_cases
from rl.models import FINAL, context_length, load_model, load_processor
from rl.recipe import SFTRecipe
from rl.resume import ResumableTrainer, checkpoint_to_resume
from rl.rows import rows_for_sft
from rl.start import model_of


class RulingSFTTrainer(ResumableTrainer, SFTTrainer):
    """TRL's trainer, with the loss averaged over the tokens of all processes and accumulation steps alike."""

    def __init__(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        super().__init__(*args, **kwargs)
        # Qwen-VL and Gemma 3 say that they do not take the number of tokens; TRL's loss does.
        self.model_accepts_loss_kwargs = True


def train_sft(recipe: SFTRecipe, resume: bool = False) -> Path:
    """Trains as a recipe says.

    Args:
        resume: go on from the newest complete checkpoint, as if the run had never stopped.

    Returns:
        The folder of the final checkpoint.

    Raises:
        DataError: the recipe, the data or the model are not as they should be.
    """
    arguments = recipe.arguments()  # first: it sets up the processes, which ZeRO-3 needs when weights are loaded
    checkpoint = checkpoint_to_resume(recipe.output, resume)
    set_seed(recipe.seed)
    book = Rulebook.load(recipe.data.rulebook)
    cases = load_cases(*recipe.data.train)
    config = model_of(recipe, cases, book)
    processor = load_processor(str(config.path))
    model = load_model(config, checkpoint)
    context = context_length(model)

    def rows(of):  # type: ignore[no-untyped-def]
        return rows_for_sft(of, book, processor, context, recipe.data.template)

    trainer = RulingSFTTrainer(
        model=model,
        args=arguments,
        train_dataset=rows(cases),
        eval_dataset=rows(load_cases(*recipe.data.valid)) if recipe.data.valid else None,
        processing_class=processor,
    )
    trainer.run(checkpoint)
    final = recipe.output / FINAL
    trainer.save_model(str(final))
    return final
