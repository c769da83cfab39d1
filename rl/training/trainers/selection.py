"""Selection: while a model is trained it reviews cases that it is not trained on, and the checkpoint that rules best
by a figure of `ruling evaluate` becomes the run's model.

It reviews where a checkpoint is saved, with what evaluation asks and measures: greedily, parsed and counted alike. All
processes write, each about its share of the cases, and the first one measures for all, so that they agree on the best
and on when to stop. Random numbers, gradients and the trainer's figures are left as they were. A checkpoint holds the
reviews until its step: a resumed run goes on with them, and ends with the same choice.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from math import isnan
from pathlib import Path
from typing import Any, cast

from accelerate.utils import gather_object
from transformers import PreTrainedConfig, Trainer
from trl.models.utils import unwrap_model_for_generation

from data import Brief, Briefs, DataError, Ruling, Violation
from data.errors import suggest
from data.files import whole_file
from prompts import Episode
from rl.config.decoding import Decoding
from rl.config.select import SelectConfig
from rl.desk import Desks
from rl.evaluation.evaluate import predictions_of
from rl.evaluation.measure import figures_of
from rl.evaluation.metrics import COMPARABLE, TITLES
from rl.evaluation.predictions import Prediction
from rl.generation.at_desk import write_at_desk
from rl.generation.local import write_batches
from rl.runs.checkpoints import checkpoint_at
from rl.runs.folder import RunFolder
from rl.runs.manifest import Manifest
from rl.terminal.console import console, is_first_process
from rl.training.processes import in_first_process
from rl.training.trainers.reviews import Review, Reviews, needed_by


class Selection:
    """Which checkpoint a run ends with.

    Args:
        briefs: the cases to review.
        decoding: how the model is asked.
        desks: where it may look things up, if it may.
        checkpoint: where the run goes on from, if it does.

    Raises:
        DataError: there is no such figure, it says nothing of these cases whatever is written, or the best checkpoint
            so far is gone.
    """

    def __init__(
        self,
        config: SelectConfig,
        briefs: Briefs,
        decoding: Decoding,
        desks: Desks | None = None,
        checkpoint: Path | None = None,
    ):
        check_measurable(config.by, briefs)
        self.config, self._briefs, self._decoding, self._desks = config, briefs, decoding, desks
        self.found = Reviews(by=config.by) if checkpoint is None else Reviews.of(checkpoint)
        if checkpoint is not None and (needed := needed_by(checkpoint)) and not needed.is_dir():
            raise DataError("was the best checkpoint so far, and is gone: put it back, or train anew", file=needed)

    @property
    def is_over(self) -> bool:
        """Whether patience is at its end."""
        return self.config.patience is not None and self.found.without_gain >= self.config.patience

    def is_due(self, step: int, last: int) -> bool:
        """Whether the model of a step is to be reviewed, and has not been."""
        known = any(review.step == step for review in self.found.reviews)
        return not known and (step % self.config.every == 0 or step >= last)

    def review(self, trainer: Trainer) -> None:
        """Has the model review the cases as it is now, in all processes, and says how well it does."""
        episodes = self._written(trainer)
        step = trainer.state.global_step
        found = in_first_process(lambda: self._measured(step, episodes))
        self.found = self.found.model_copy(update={"reviews": (*self.found.reviews, found)})
        if found.value is not None:
            Trainer.log(trainer, {f"valid/{self.found.by}": found.value})  # TRL's own would end the step's figures
        if is_first_process():
            console().print(self._said(found), soft_wrap=True)

    def save(self, checkpoint: Path) -> None:
        """Writes what a resumed run must know."""
        self.found.write(checkpoint)

    def finish(self, run: RunFolder, last: int) -> None:
        """Gives the trained model, which is that of the last step, the weights of the best checkpoint, and says so.

        Raises:
            DataError: the best checkpoint is damaged.
        """
        best = self.found.best
        if best is not None and best.step != last:
            checkpoint = checkpoint_at(run.checkpoints, best.step)
            Manifest.checked(checkpoint)
            for file in (file for file in run.final.rglob("*") if file.is_file()):
                with whole_file(file) as draft:
                    shutil.copyfile(checkpoint / file.relative_to(run.final), draft)
        what = "none has a value, so the model is that of the last step"
        if best is not None:
            what = f"step {best.step:,} of {last:,} is the best, {self.found.told(best)}, and is the trained model"
        console().print(f"{TITLES[self.found.by]}: {what}", soft_wrap=True)

    @property
    def facts(self) -> dict[str, Any]:
        """What ``run.json`` says: the step whose weights the trained model has, and all reviews."""
        best = self.found.best
        return {"step": best.step if best is not None else None, **self.found.model_dump(mode="json")}

    def _written(self, trainer: Trainer) -> list[list[Episode]]:
        """What the model writes about all cases, ``[brief][0]``, the same in every process."""
        accelerator, processor = trainer.accelerator, cast(Any, trainer.processing_class)
        own = self._briefs[accelerator.process_index :: accelerator.num_processes]
        checkpointing = cast(Any, trainer.args.gradient_checkpointing_kwargs)
        with (
            unwrap_model_for_generation(
                trainer.model_wrapped, accelerator, gradient_checkpointing_kwargs=checkpointing
            ) as model,
            _attention_kept(model),
        ):
            if self._desks is None:
                batches = write_batches(model, processor, own, self._decoding)
            else:
                batches = write_at_desk(model, processor, own, self._decoding, self._desks)
            episodes = list(chain.from_iterable(batches))
        by_case = {episode.case: episode for episode in gather_object(episodes)}
        return [[by_case[brief.id]] for brief in self._briefs]

    def _measured(self, step: int, episodes: list[list[Episode]]) -> Review:
        by = self.found.by
        found = figures_of(predictions_of(episodes, self._briefs), [COMPARABLE[by]]).get(by)
        if found is None or isnan(found.value):
            return Review(step=step, value=None)
        return Review(step=step, value=found.value, low=found.low, high=found.high)

    def _said(self, review: Review) -> str:
        best = self.found.best
        place = "the best so far" if best == review else f"the best is step {best.step:,}" if best else "none has one"
        stops = "; training ends here" if self.is_over else ""
        what = f"{TITLES[self.found.by]} {self.found.told(review)} on {len(self._briefs):,} cases"
        return f"step {review.step:,}: {what}, {place}{stops}"


def check_measurable(by: str, briefs: Briefs) -> None:
    """Refuses a figure that no model has on these cases.

    Raises:
        DataError: there is none of that name, or not even a reviewer who states gold has it.
    """
    if by not in COMPARABLE:
        message = f"there is no figure '{by}' that a model can be better by{suggest(by, COMPARABLE)}"
        raise DataError(message, field="select.by")
    if by not in figures_of([_as_gold_says(brief) for brief in briefs], [COMPARABLE[by]]):
        raise DataError(f"'{by}' says nothing of one ruling a case, or not of these cases", field="select.by")


def _as_gold_says(brief: Brief) -> Prediction:
    gold = brief.gold
    broken = (gold.violations if gold is not None else None) or []
    verdict = gold.verdict if gold is not None and gold.verdict is not None else "approve"
    cited = [Violation(rule=violation.rule, evidence=violation.evidence or []) for violation in broken]
    ruling = Ruling(verdict=verdict, confidence=0.9, violations=cited)
    return Prediction.of(ruling, brief).model_copy(update={"agrees": True, "tokens": 1})


@contextmanager
def _attention_kept(model: Any) -> Iterator[None]:
    """A model that attends afterwards as it did before, whoever prepares it to write; see `rl.shared_prefix`."""
    held = (getattr(module, "config", None) for module in model.modules())
    configs = [config for config in held if isinstance(config, PreTrainedConfig)]
    before = [config._attn_implementation for config in configs]
    try:
        yield
    finally:
        for config, attention in zip(configs, before, strict=True):
            config._attn_implementation = attention
