"""Selecting: what a stage does where its recipe says by which figure the best checkpoint is chosen."""

from pathlib import Path
from typing import Any

from data import Briefs, DataError, load_cases
from prompts.excerpts import Excerpts
from prompts.processor import Processor
from rl.config.decoding import Decoding
from rl.config.train import SelectingRecipe, TrainRecipe
from rl.desk import Desks
from rl.evaluation.metrics import TITLES
from rl.training.identity import content_of
from rl.training.lengths import room_for_episode
from rl.training.rows import rows_for_rl
from rl.training.trainers.selection import Selection, check_measurable

NO_FSDP = "a model that FSDP holds in pieces does not review while it is trained: take zero2 or zero3, or leave it out"


class Selecting:
    """As one recipe has it. Where it selects nothing, there are no cases, and nothing is done.

    Args:
        recipe: of any kind.
    """

    def __init__(self, recipe: TrainRecipe):
        self.recipe, self.select = recipe, recipe.select if isinstance(recipe, SelectingRecipe) else None

    def check(self, fsdp: bool) -> None:
        """Refuses to select where the model cannot write while it is trained.

        Args:
            fsdp: whether FSDP holds it in pieces.

        Raises:
            DataError: it cannot.
        """
        if self.select is not None and fsdp:
            raise DataError(NO_FSDP, field="select")

    def briefs(self, excerpts: Excerpts) -> Briefs:
        """All valid cases, those too that nothing can be learned from: what retrieval loses is a miss.

        Raises:
            DataError: they cannot be read or bound, or the figure says nothing of them.
        """
        if self.select is None:
            return Briefs([], excerpts.book)
        briefs = excerpts.bind(load_cases(*self.recipe.data.valid))
        check_measurable(self.select.by, briefs)
        return briefs

    def identity(self, briefs: Briefs) -> dict[str, Any]:
        """What tells runs apart beside the recipe's section."""
        return {} if self.select is None else {"select.cases": content_of(briefs)}

    @property
    def decoding(self) -> Decoding:
        """How the model is asked."""
        assert self.select is not None
        written = self.recipe.trainer.get("max_completion_length", Decoding.max_new_tokens)
        return Decoding(
            template=self.recipe.data.template,
            max_new_tokens=self.select.max_new_tokens or written,
            batch_size=self.select.batch_size,
            chat_template_kwargs=self.recipe.model.chat_template_kwargs,
        )

    def selection(
        self, briefs: Briefs, processor: Processor, context: int, desks: Desks | None, checkpoint: Path | None
    ) -> Selection | None:
        """What selects while the run goes on; None where nothing does.

        Args:
            context: of the model, in tokens.
            checkpoint: where the run goes on from, if it does.

        Raises:
            DataError: a case's prompt leaves no room for what is to be written, or the best checkpoint so far is gone.
        """
        if self.select is None:
            return None
        decoding = self.decoding
        if desks is not None and decoding.batch_size > 1:
            desks.check_parallel()
        reserved = room_for_episode(decoding.max_new_tokens, getattr(self.recipe, "desk", None))
        rows_for_rl(briefs, processor, context, reserved, self.recipe.data.template, desks)  # looks whether they fit
        return Selection(self.select, briefs, decoding, desks, checkpoint)

    def told(self, briefs: Briefs, steps: int | None) -> str:
        """What it costs, in words for a dry run.

        Args:
            steps: of the training, where that is known.
        """
        assert self.select is not None
        select, most = self.select, len(briefs) * self.decoding.max_new_tokens
        stops = "" if select.patience is None else f", until {select.patience} in a row are no better"
        times = "" if steps is None else f", at most {-(-steps // select.every):,} times"
        turns = "" if getattr(self.recipe, "desk", None) is None else " a turn"
        often = f"by {TITLES[select.by]} every {select.every:,} steps{times}{stops}"
        return f"{often}; each time {len(briefs):,} episodes are written, of at most {most:,} tokens{turns} together"
