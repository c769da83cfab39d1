"""RulingSFTTrainer: TRL's SFT trainer. The loss is on the completion only; batches, loss and checkpoints are TRL's."""

from collections.abc import Iterator, Sequence
from typing import Any

from torch.utils.data import Sampler
from trl import SFTTrainer

from rl.training.trainers.resumable import EpochSampler, ResumableTrainer
from rl.training.trainers.scored_positions import labelled_positions_only


class RulingSFTTrainer(ResumableTrainer, SFTTrainer):
    """TRL's trainer, with the loss averaged over the tokens of all processes and accumulation steps alike, and the
    longest rows in the first batch, so that memory runs out at once or never.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        # Qwen-VL and Gemma 3 say that they do not take the number of tokens; TRL's loss does.
        self.model_accepts_loss_kwargs = True

    def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
        with labelled_positions_only():
            return super().compute_loss(*args, **kwargs)

    def _get_train_sampler(self, *args: Any, **kwargs: Any) -> Any:
        rows = _lengths(self.train_dataset)
        sampler = super()._get_train_sampler(rows)
        if not isinstance(sampler, EpochSampler):
            return sampler
        return LongestFirst(sampler, rows["length"], self.args.train_batch_size * self.args.world_size)

    def _get_eval_sampler(self, *args: Any, **kwargs: Any) -> Any:
        return super()._get_eval_sampler(_lengths(self.eval_dataset))


def _lengths(rows: Any) -> Any:
    """The column ``length`` alone, for samplers: what TRL passes them has lost it, and a row opens its pictures
    whatever is asked of it.
    """
    return rows.with_format(None).select_columns(["length"])


class LongestFirst(Sampler[int]):
    """Another sampler's order, with the ``count`` longest rows moved to its front in the first epoch."""

    def __init__(self, sampler: EpochSampler, lengths: Sequence[int], count: int):
        self.sampler = sampler
        self.longest = set(sorted(range(len(lengths)), key=lambda row: (-lengths[row], row))[:count])

    def __iter__(self) -> Iterator[int]:
        order = list(self.sampler)
        if self.sampler.epoch == 0:
            order.sort(key=lambda row: row not in self.longest)  # stable: the others keep their order
        return iter(order)

    def __len__(self) -> int:
        return len(self.sampler)
