"""GRPO's own part: advantages against the other completions on a case, and what of a batch is worth a gradient.

A completion that could not be scored (total None) has advantage 0 and stays out of its group's mean and spread; with
a single reward function, that is what TRL does with it. Completions without an advantage, often most of them, are left
out of the pass that only gradients need, which changes none (so entropy and the like are logged over the rest). Each
of several processes leaves out its own, and keeps one if it has no other, since all must make the same passes. An
invariant test holds losses and weights against the stock trainer's.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import gather

from data import DataError
from rl.training.advantages.groups import against_group
from rl.training.trainers.draw import Draw, chosen_rows, own_tokens
from rl.training.trainers.policy import PolicyTrainer
from rl.training.trainers.refill import Refill, Refilled
from rl.training.trainers.snapshot_callback import FLAT


class RulingGRPOTrainer(PolicyTrainer):
    """TRL's GRPO on the policy that Ruling's RL trainers share.

    Args:
        refill: how often to draw other cases in the place of those whose completions all earn the same, at most.
    """

    def __init__(self, *args: Any, refill: int = 0, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._refill = None
        if refill:
            accelerator, drawn = self.accelerator, self.args.generation_batch_size or 0
            if drawn // accelerator.num_processes % (self.num_generations or 1):
                message = (
                    "groups that lie across processes cannot be replaced: let it be a multiple of num_generations"
                )
                raise DataError(message, field="trainer.per_device_train_batch_size")
            place = (accelerator.num_processes, accelerator.process_index)
            self._refill = Refill(refill, self.names, self.args.seed, *place)

    def refilled(self, draw: Draw) -> Refilled:
        """Where nobody has found a better group, what was drawn, to the last bit. Figures are of the first draw: those
        of cases chosen for being hard would tell nothing of the policy.
        """
        if self._refill is None:
            return super().refilled(draw)
        if not self.shares:
            raise DataError(
                "this model's prompts are not shared, and groups cannot be replaced: set it to 0", field="refill"
            )
        device, size = self.accelerator.device, self.group_size
        spared = self._mastered.cases if self._mastered is not None else ()
        found = self._refill.fill(draw, size, self.state.global_step, self._draw_anew, device, spared)
        self._scored, batch = found.draw.scored, found.draw.batch
        totals = gather(found.draw.totals.to(device))
        self._totals = totals.unsqueeze(1)
        replaced = sum(number > 0 for number in found.rounds)
        counts = torch.tensor([[replaced, len(found.left_out) * size, len(found.rounds)]], device=device)
        replaced, drawn, all_of_them = gather(counts).sum(dim=0).tolist()
        figures = self._metrics["train"]
        figures["refill/replaced"].append(replaced / all_of_them)
        figures["refill/drawn"].append(drawn / all_of_them)
        if replaced:
            batch["num_items_in_batch"] = gather(own_tokens(batch).sum()).sum()
            advantages = against_group(totals, size, self.scale_rewards)
            batch["advantages"] = self.own(advantages, len(found.draw.rows))
        return found

    def _draw_anew(self, places: Sequence[int]) -> Draw:
        figures = self._metrics["train"]
        counts = {name: len(values) for name, values in figures.items()}
        data: Any = self.train_dataset
        rows = [row for place in places for row in [data[place]] * self.group_size]
        drawn = self.draw(rows)
        for name in list(figures):
            del figures[name][counts.get(name, 0) :]
            if not figures[name]:
                del figures[name]
        return drawn

    def advantages_of(self, output: dict[str, Any], totals: torch.Tensor) -> torch.Tensor:
        """TRL's, but exactly 0 in groups whose completions are all worth the same: what rounding leaves of one is no
        lesson, and a batch of them would blow it up. Their share is logged in the place of TRL's figure: where
        advantages are scaled by the batch, that one asks for the spread of the batch and not of the groups.
        """
        groups = totals.view(-1, self.group_size)
        spread = groups.nan_to_num(nan=-torch.inf).amax(dim=1) - groups.nan_to_num(nan=torch.inf).amin(dim=1)
        flat = spread <= 0
        mode = "train" if self.model.training else "eval"
        self._metrics[mode][FLAT][-1:] = [flat.float().mean().item()]
        advantages: torch.Tensor = output["advantages"]
        if self.credit == "masked":
            return self._masked_credit(output["completion_mask"])
        return advantages.masked_fill(self.own(flat.repeat_interleave(self.group_size), len(advantages)), 0.0)

    def _masked_credit(self, mask: torch.Tensor) -> torch.Tensor:
        """(B, T): each part of the total, against the group and on its own scale, for the tokens that earned it."""
        compared = (against_group(part, self.group_size, self.scale_rewards) for part in self.parts())
        ours = (self.own(part, len(mask)) for part in compared)
        of_confidence, of_all_else = (part.unsqueeze(1) for part in ours)
        return torch.where(self.states_confidence(mask), of_confidence, of_all_else)

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        if not self._loss_is_of_advantages:
            return super()._compute_loss(model, inputs)
        with _uneven_rows(self.accelerator):
            return super()._compute_loss(model, lessons(inputs))

    @property
    def _loss_is_of_advantages(self) -> bool:
        """Whether a completion without advantage adds nothing to the loss, and leaves what the rest adds as it is."""
        return (
            self.model.training
            and self.loss_type in ("dapo", "cispo", "vespo")  # divided by the tokens of all completions
            and self.beta == 0.0
            and not self._entropy_bonus_enabled
            and not self.aux_loss_enabled
            and self.top_entropy_quantile == 1.0
        )


@contextmanager
def _uneven_rows(accelerator: Accelerator) -> Iterator[None]:
    """Meanwhile, processes may gather figures of unequally many rows; those that are missing are NaN, which TRL passes
    over.
    """
    gather = accelerator.gather

    def padded(figures: torch.Tensor) -> Any:
        return gather(accelerator.pad_across_processes(figures, dim=0, pad_index=torch.nan))

    accelerator.gather = padded
    try:
        yield
    finally:
        accelerator.gather = gather


def lessons(inputs: dict[str, Any], by: str = "advantages") -> dict[str, Any]:
    """The completions of a batch that have an advantage; one where none has, so that a step is taken all the same.

    Args:
        inputs: TRL's.
        by: the name of the advantages, (B,) or (B, T).
    """
    rows = len(inputs[by])
    kept = inputs[by].nonzero()[:, 0].unique().tolist() or [0]
    return inputs if len(kept) == rows else chosen_rows(inputs, kept, rows)
