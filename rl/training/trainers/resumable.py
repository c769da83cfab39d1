"""Checkpoints that training goes on from exactly as if it had never stopped.

Stock `Trainer` and TRL get three things wrong: weights of vision-language models are loaded with ``strict=False`` and
match nothing; the order of the data after a resume is that of the first epoch; and a checkpoint inside a generation
cycle has lost its rollouts. Here the model is built from the checkpoint key by key (`rl.models.load`), the order of an
epoch depends on the seed and the epoch alone, and GRPO saves on generation boundaries only (`rl.training.grpo`).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch.utils.data import Sampler
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer import DEFAULT_PROGRESS_CALLBACK
from transformers.trainer_pt_utils import BatchRebalanceSampler
from transformers.trainer_utils import rotate_checkpoints

from data import DataError
from data.files import flush, read_json, write_json
from rl.runs.checkpoints import COMPLETE, checkpoint_at, step_of
from rl.terminal.snapshot import Watch
from rl.training.trainers.snapshot_callback import SnapshotCallback

_EPOCH_STRIDE = 1_000_003
"""Keeps the orders of one seed's epochs from being those of the next seeds."""
_REFUSED = {
    "load_best_model_at_end": "the trainer would keep the last weights of a vision-language model, silently: evaluate "
    "the checkpoints instead",
    "save_only_model": "such checkpoints cannot be resumed: to save disk space, set save_total_limit",
}


class EpochSampler(Sampler[int]):
    """Another sampler, with an order that depends on the seed and the epoch alone.

    In the first epoch, the order is that of the other sampler seeded with ``seed``.
    """

    def __init__(self, sampler: Any, seed: int):
        self.sampler, self.seed, self.epoch = sampler, seed, 0

    def __iter__(self) -> Iterator[int]:
        seed = self.seed + _EPOCH_STRIDE * self.epoch
        if getattr(self.sampler, "generator", None) is not None:
            self.sampler.generator.manual_seed(seed)
        before = torch.get_rng_state()
        torch.default_generator.manual_seed(seed)  # what samplers without a generator of their own draw from
        order = list(self.sampler)
        torch.set_rng_state(before)
        return iter(order)

    def __len__(self) -> int:
        return len(self.sampler)


class ResumableTrainer(Trainer):
    """To be put before a trainer among the bases of a class, so that a run can be resumed exactly."""

    kind: ClassVar[str]
    """What kind of training it is: a run goes on as it began."""
    _sampler: EpochSampler | None = None
    _loss: float | torch.Tensor = 0.0
    """Of the step that goes on, in this process."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for setting, reason in _REFUSED.items():
            if getattr(self.args, setting):
                raise DataError(reason, field=f"trainer.{setting}")
        self.add_callback(_EpochOrder(self))
        for printer in (PrinterCallback, DEFAULT_PROGRESS_CALLBACK):  # people are told by whoever watches the run
            self.remove_callback(printer)

    def run(self, checkpoint: Path | None, watch: Watch | None = None) -> None:
        """Trains to the end, from a checkpoint that the model was built from, or from the beginning.

        Args:
            watch: is told of each step, in the first of several processes.
        """
        if watch is not None:
            self.add_callback(SnapshotCallback(self.newest_figures, watch))
        if checkpoint is None:
            self.train()
            return
        self._check_pace(checkpoint)
        # Trainer takes one step too many when a run that has reached its max_steps is resumed.
        if 0 < self.args.max_steps <= step_of(checkpoint):
            self.state.global_step = step_of(checkpoint)
        else:
            self.train(resume_from_checkpoint=str(checkpoint))

    def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        loss: torch.Tensor = super().training_step(*args, **kwargs)
        self._loss = self._loss + loss
        return loss

    def newest_figures(self) -> dict[str, float]:
        """The figures of the step that ends, under the names that the log has for them; asked once a step."""
        loss, self._loss = float(self._loss), 0.0
        since_the_last_entry = self._metrics["train"]  # type: ignore[attr-defined]  # TRL's trainers have it
        return {"loss": loss} | {name: values[-1] for name, values in since_the_last_entry.items() if values}

    def pace(self) -> dict[str, int | str]:
        """What decides which rows a step sees, and what it learns of them: to be the same after a resume."""
        return {
            "kind": self.kind,
            "processes": self.args.world_size,
            "rows": len(self.train_dataset),  # type: ignore[arg-type]
            "seed": self.args.seed,
            "per_device_train_batch_size": self.args.per_device_train_batch_size,
            "gradient_accumulation_steps": self.args.gradient_accumulation_steps,
        }

    def keep(self, folder: Path) -> None:
        """Writes what else a checkpoint is to hold; called by the main process before the checkpoint is complete."""

    def _check_pace(self, checkpoint: Path) -> None:
        before = {"kind": self.kind, **read_json(checkpoint / COMPLETE)}  # older checkpoints do not say their kind
        for name, value in self.pace().items():
            if before.get(name) != value:
                raise DataError(
                    f"{value} now, {before.get(name)} when the checkpoint was saved: resume with the same, or start "
                    "another run from its weights",
                    file=checkpoint,
                    field=name,
                )

    def _get_train_sampler(self, *args: Any, **kwargs: Any) -> Any:
        sampler = super()._get_train_sampler(*args, **kwargs)
        if sampler is None or isinstance(sampler, BatchRebalanceSampler):  # no order, or one that follows the epoch
            return sampler
        self._sampler = EpochSampler(sampler, self.args.seed)
        return self._sampler

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Nothing to do: the model was built from the checkpoint, where every key had to match."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        # Older checkpoints go only once the new one is complete: a kill in between must leave one to resume from.
        limit, self.args.save_total_limit = self.args.save_total_limit, None
        super()._save_checkpoint(model, trial)
        self.args.save_total_limit = limit
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            folder = Path(str(self.args.output_dir))
            checkpoint = checkpoint_at(folder, self.state.global_step)
            self.keep(checkpoint)
            flush(checkpoint)  # before it is called complete: a power cut must not leave the name without the weights
            write_json(checkpoint / COMPLETE, self.pace())
            rotate_checkpoints(output_dir=str(folder), save_total_limit=limit, use_mtime=False)


class _EpochOrder(TrainerCallback):
    """Tells the sampler which epoch begins."""

    def __init__(self, trainer: ResumableTrainer):
        self.trainer = trainer

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if self.trainer._sampler is not None:
            self.trainer._sampler.epoch = int(state.epoch or 0)
