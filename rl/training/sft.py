"""Supervised fine-tuning: the model learns to write the rulings that gold states.

The loss is on the completion alone (`rl.training.trainers.sft`); a case without gold has nothing to teach, and is an
error.
"""

from typing import Any

from data import Briefs
from prompts.processor import Processor
from rl.config.train import SFTRecipe
from rl.training.rows import rows_for_sft
from rl.training.stage import Parts
from rl.training.supervised import SupervisedStage
from rl.training.trainers.resumable import ResumableTrainer
from rl.training.trainers.sft import RulingSFTTrainer


class SFTStage(SupervisedStage[SFTRecipe]):
    """Rows hold the completion."""

    def rows(self, briefs: Briefs, processor: Processor, context: int, reserved: int) -> Any:
        return rows_for_sft(briefs, processor, context, self.recipe.data.template)

    def trainer(self, parts: Parts) -> ResumableTrainer:
        return RulingSFTTrainer(**parts.for_trl(), optimizer_cls_and_kwargs=self.optimizer(parts.arguments))
