"""What ends a run that was asked to stop: at the first step after which it can be saved, in all processes at once."""

from typing import TYPE_CHECKING, Any

import torch
from accelerate.utils import gather
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from rl.terminal.stopping import Request, Stopped

if TYPE_CHECKING:
    from rl.training.trainers.resumable import ResumableTrainer


class StopCallback(TrainerCallback):
    """Has the trainer save, which then ends with a `Stopped`; a run without checkpoints ends here.

    Args:
        request: of this process. One that was asked is enough for all to stop.
    """

    def __init__(self, trainer: "ResumableTrainer", request: Request):
        self.trainer, self.request = trainer, request

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if state.epoch != int(state.epoch or 0):  # what is due at the end of an epoch comes before it is saved
            self._stop(args, state, control)

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._stop(args, state, control)

    def _stop(self, args: TrainingArguments, state: TrainerState, control: TrainerControl) -> None:
        numbers = gather(torch.tensor([self.request.number], device=self.trainer.accelerator.device))
        number = int(numbers.max())
        if not number or not self.trainer.can_be_saved(state.global_step):
            return
        if args.save_strategy == "no" or self.trainer.saved_at == state.global_step:
            raise Stopped(number)
        self.trainer.stopped_by = number
        control.should_save = True
