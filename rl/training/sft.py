"""Supervised fine-tuning: the model learns to write the rulings that gold states.

The loss is on the completion alone (`rl.training.trainers.sft`); a case without gold has nothing to teach, and is an
error.
"""

from collections.abc import Sequence
from typing import Any

from data import Briefs, Case, DataError
from prompts.excerpts import Excerpts
from prompts.processor import Processor
from rl.config.train import SFTRecipe
from rl.terminal.console import console, is_first_process
from rl.training.rows import rows_for_sft
from rl.training.stage import Parts
from rl.training.supervised import SupervisedStage
from rl.training.trainers.resumable import ResumableTrainer
from rl.training.trainers.sft import RulingSFTTrainer


class SFTStage(SupervisedStage[SFTRecipe]):
    """Rows hold the completion."""

    def bind(self, cases: Sequence[Case], excerpts: Excerpts) -> Briefs:
        """Those whose gold can be stated by the rules that they are shown. Where retrieval has lost one that is
        broken, a lesson would cite what nobody was shown, or approve what is to be rejected: such cases are left out,
        and counted.
        """
        bound = super().bind(cases, excerpts)
        kept = Briefs((brief for brief in bound if not brief.lost), bound.book)
        if not kept:
            raise DataError("retrieval finds the broken rules of no case: show more rules", field="data.excerpt")
        if len(kept) < len(bound) and is_first_process():
            lost = f"{len(bound) - len(kept):,} of {len(bound):,} cases"
            console().print(f"{lost} are left out: retrieval has lost a rule that their gold speaks of")
        return kept

    def rows(self, briefs: Briefs, processor: Processor, context: int, reserved: int) -> Any:
        return rows_for_sft(briefs, processor, context, self.recipe.data.template)

    def trainer(self, parts: Parts) -> ResumableTrainer:
        return RulingSFTTrainer(**parts.for_trl(), optimizer_cls_and_kwargs=self.optimizer(parts.arguments))
