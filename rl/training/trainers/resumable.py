"""Checkpoints that training goes on from exactly as if it had never stopped.

Stock `Trainer` and TRL get three things wrong: weights of vision-language models are loaded with ``strict=False`` and
match nothing; the order of the data after a resume is that of the first epoch; and a checkpoint inside a generation
cycle has lost its rollouts. Here the model is built from the checkpoint key by key (`rl.models.load`), the order of an
epoch depends on the seed and the epoch alone, and GRPO saves on generation boundaries only (`rl.training.grpo`).

SIGTERM and Ctrl-C end a run at the next step after which it can be saved; a second Ctrl-C ends it at once.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Sampler
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer import DEFAULT_PROGRESS_CALLBACK
from transformers.trainer_pt_utils import BatchRebalanceSampler

from data import DataError
from rl.runs.checkpoints import checkpoint_at, keep_newest, step_of
from rl.runs.manifest import Manifest
from rl.terminal.console import console, is_first_process
from rl.terminal.snapshot import Watch
from rl.terminal.stopping import Stopped, stop_requests
from rl.training.identity import check_same
from rl.training.trainers.blank_picture import BlankPicture, pictured, take_empty_for_none
from rl.training.trainers.reviews import needed_by
from rl.training.trainers.saving import saving
from rl.training.trainers.selection import Selection
from rl.training.trainers.snapshot_callback import SnapshotCallback
from rl.training.trainers.stop_callback import StopCallback
from rl.training.trainers.trainable import check_trainable

_EPOCH_STRIDE = 1_000_003
"""Keeps the orders of one seed's epochs from being those of the next seeds."""
_REFUSED = {
    "load_best_model_at_end": "the trainer would keep the last weights of a vision-language model, silently: use the "
    "recipe's 'select' instead",
    "save_only_model": "such checkpoints cannot be resumed: to save disk space, set save_total_limit",
}


class EpochSampler(Sampler[int]):
    """Another sampler, with an order that depends on the seed and the epoch alone.

    In the first epoch, the order is that of the other sampler seeded with ``seed``.

    Args:
        instead: gives what is drawn in the place of an order, in an epoch.
    """

    def __init__(self, sampler: Any, seed: int, instead: Callable[[list[int], int], list[int]] | None = None):
        self.sampler, self.seed, self.epoch, self.instead = sampler, seed, 0, instead

    def __iter__(self) -> Iterator[int]:
        seed = self.seed + _EPOCH_STRIDE * self.epoch
        if getattr(self.sampler, "generator", None) is not None:
            self.sampler.generator.manual_seed(seed)
        before = torch.get_rng_state()
        torch.default_generator.manual_seed(seed)  # what samplers without a generator of their own draw from
        order = list(self.sampler)
        torch.set_rng_state(before)
        return iter(self.instead(order, self.epoch) if self.instead else order)

    def __len__(self) -> int:
        return len(self.sampler)


class ResumableTrainer(Trainer):
    """To be put before a trainer among the bases of a class, so that a run can be resumed exactly."""

    _sampler: EpochSampler | None = None
    _loss: float | torch.Tensor = 0.0
    """Of the step that goes on: this process's part."""
    _identity: Mapping[str, Any] = {}
    saved_at: int | None = None
    """The step of the newest checkpoint that this process has saved."""
    selection: Selection | None = None
    """Which checkpoint the run ends with; None: the last one. To be set before it runs."""
    stopped_by: int = 0
    """The signal that the run ends by once it is saved; 0 where none has come."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for setting, reason in _REFUSED.items():
            if getattr(self.args, setting):
                raise DataError(reason, field=f"trainer.{setting}")
        self.add_callback(_Resumption(self))
        for printer in (PrinterCallback, DEFAULT_PROGRESS_CALLBACK):  # people are told by whoever watches the run
            self.remove_callback(printer)
        datasets = (rows for rows in (self.train_dataset, self.eval_dataset) if rows is not None)
        kinds = [self.pictured(rows) for rows in datasets]
        self.mixes_pictures = any(self.mixes(kind) for kind in kinds)
        """Whether the model may see a batch with pictures in one process and one without any in another."""
        check_trainable(self.model, sees=any(any(kind) for kind in kinds))
        self.settle_pictures(self.model)

    def run(
        self, checkpoint: Path | None, watch: Watch | None = None, identity: Mapping[str, Any] | None = None
    ) -> None:
        """Trains to the end, from a checkpoint that the model was built from, or from the beginning.

        Args:
            watch: is told of each step, in the first of several processes.
            identity: what the run is, for its checkpoints; see `rl.training.identity`.

        Raises:
            DataError: the checkpoint was saved at another pace, or there is no room for another checkpoint.
            Stopped: a signal came, and the run has been saved since.
        """
        self._identity = identity or {}
        if watch is not None:
            self.add_callback(SnapshotCallback(self.newest_figures, watch))
        if checkpoint is not None:
            check_same(checkpoint, Manifest.read(checkpoint).pace, self.pace())
            # Trainer takes one step too many when a run that has reached its max_steps is resumed.
            ended = self.selection is not None and self.selection.is_over
            if ended or 0 < self.args.max_steps <= step_of(checkpoint):
                self.state.global_step = step_of(checkpoint)
                return
        with stop_requests(self._tell) as request:
            self.add_callback(StopCallback(self, request))
            self.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))

    def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        loss: torch.Tensor = super().training_step(*args, **kwargs)
        self._loss = self._loss + loss
        return loss

    def newest_figures(self) -> dict[str, float]:
        """The figures of the step that ends, under the names that the log has for them; asked once a step, by all
        processes.
        """
        part, self._loss = torch.as_tensor(self._loss, device=self.args.device), 0.0
        loss = float(self.accelerator.reduce(part, "mean"))
        since_the_last_entry = self._metrics["train"]  # type: ignore[attr-defined]  # TRL's trainers have it
        return {"loss": loss} | {name: values[-1] for name, values in since_the_last_entry.items() if values}

    def pace(self) -> dict[str, Any]:
        """What the machine and the trainer's defaults make of a recipe, and decides what a step learns: to be the same
        after a resume.
        """
        return {
            "processes": self.args.world_size,
            "sharding": self.sharding,
            "train_batch_size": self.args.train_batch_size,
            "bf16": self.args.bf16,
            "fp16": self.args.fp16,
        }

    @property
    def sharding(self) -> str | None:
        """What shares the weights, or what trains them, out to the processes: ``zero2``, ``fsdp``; None where each
        holds all.
        """
        plugin = self.accelerator.state.deepspeed_plugin
        return "fsdp" if self.is_fsdp_enabled else f"zero{plugin.zero_stage}" if plugin else None

    def pictured(self, rows: Any) -> list[bool]:
        """Which rows have pictures; nothing is opened."""
        return pictured(rows)

    def mixes(self, pictured: list[bool]) -> bool:
        """Whether some of the rows have pictures and some have none."""
        return len(set(pictured)) > 1

    def settle_pictures(self, model: Any) -> None:
        """Prepares a model that every process calls in step for batches without pictures beside batches with them.

        Raises:
            DataError: it cannot be.
        """
        if self.mixes_pictures:
            take_empty_for_none(model, self.processing_class)
            if self.sharding is not None:
                BlankPicture(model, self.processing_class)

    def drawn(self, order: list[int], epoch: int) -> list[int]:
        """The places in the data that are drawn in an epoch; called once for each epoch, and after a resume.

        Args:
            order: what the trainer would draw.
        """
        return order

    def can_be_saved(self, step: int) -> bool:
        """Whether a checkpoint of that step would have lost nothing."""
        return True

    def check_sound(self) -> None:
        """Looks at what this process holds, before weights are saved: those of a loss that was no number are none
        themselves, for good, and would take the place of checkpoints that can still be used.

        Raises:
            DataError: a weight that is trained is infinite or no number.
        """
        assert self.model is not None
        trained = [weights for weights in self.model.parameters() if weights.requires_grad]
        own = [weights.to_local() if hasattr(weights, "to_local") else weights for weights in trained]  # under FSDP
        if all(bool(weights.detach().isfinite().all()) for weights in own):
            return
        raise DataError(
            f"after step {self.state.global_step} the weights are not finite: training has diverged. They are not "
            "saved, and what was saved before is as it was. A lower trainer.learning_rate may help"
        )

    def keep(self, folder: Path) -> None:
        """Writes what else a checkpoint is to hold; called by the main process before the checkpoint is complete."""

    def _get_train_sampler(self, *args: Any, **kwargs: Any) -> Any:
        sampler = super()._get_train_sampler(*args, **kwargs)
        if sampler is None or isinstance(sampler, BatchRebalanceSampler):  # no order, or one that follows the epoch
            return sampler
        self._sampler = EpochSampler(sampler, self.args.seed, self.drawn)
        return self._sampler

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Nothing to do: the model was built from the checkpoint, where every key had to match."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        self.check_sound()
        folder = Path(str(self.args.output_dir))
        checkpoint = checkpoint_at(folder, self.state.global_step)
        if self.selection is not None and self.selection.is_due(self.state.global_step, self.state.max_steps):
            self.selection.review(self)
            self.control.should_training_stop |= self.selection.is_over
        # Older checkpoints go only once the new one is complete: a kill in between must leave one to resume from.
        limit, self.args.save_total_limit = self.args.save_total_limit, None
        with saving(checkpoint):
            super()._save_checkpoint(model, trial)
            self.args.save_total_limit = limit
            self.accelerator.wait_for_everyone()
            if self.args.should_save:
                self.keep(checkpoint)
                if self.selection is not None:
                    self.selection.save(checkpoint)
                Manifest.write(checkpoint, self._identity, self.pace())
        if self.args.should_save:
            keep_newest(folder, limit, needed_by)
        self.saved_at = self.state.global_step
        if self.stopped_by:
            self.accelerator.wait_for_everyone()  # a process that ends before the others has them killed
            raise Stopped(self.stopped_by)

    def _tell(self) -> None:
        if is_first_process():
            does = "stops" if self.args.save_strategy == "no" else "is saved and stops"
            console().print(f"the run {does} after this step; Ctrl-C again stops it at once")


class _Resumption(TrainerCallback):
    """Tells the sampler which epoch begins, and has a resumed run log and save as its recipe says now."""

    def __init__(self, trainer: ResumableTrainer):
        self.trainer = trainer

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        state.compute_steps(args, state.max_steps)  # Trainer goes by what they were when the checkpoint was saved

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if self.trainer._sampler is not None:
            self.trainer._sampler.epoch = int(state.epoch or 0)
