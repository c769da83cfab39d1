"""Supervised fine-tuning: the model learns to write the rulings that gold states."""

from typing import Any

from trl import SFTConfig

from data import Briefs, DataError
from prompts.processor import Processor
from rl.config.train import SFTRecipe
from rl.training.rows import rows_for_sft
from rl.training.stage import Parts, Stage
from rl.training.trainers.resumable import ResumableTrainer
from rl.training.trainers.sft import NOT_SHARDED, RulingSFTTrainer, muon


class SFTStage(Stage[SFTRecipe]):
    """Rows hold the completion, and the optimiser may be Muon."""

    imitates = True

    def check(self, arguments: SFTConfig) -> None:
        if self.recipe.muon:
            muon(arguments)

    def check_sharded(self) -> None:
        if self.recipe.muon:
            raise DataError(NOT_SHARDED, field="muon")

    def rows(self, briefs: Briefs, processor: Processor, context: int, reserved: int) -> Any:
        return rows_for_sft(briefs, processor, context, self.recipe.data.template)

    def trainer(self, parts: Parts) -> ResumableTrainer:
        optimizer = muon(parts.arguments) if self.recipe.muon else None
        return RulingSFTTrainer(**parts.for_trl(), optimizer_cls_and_kwargs=optimizer)
