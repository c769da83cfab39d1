"""RulingRewardTrainer: pairs of conversations in, a model with a scalar head out.

TRL's own `RewardTrainer` cannot be given pictures: it tokenises both sides ahead, pads nothing but token ids, and
wants a classifier, which transformers has of few vision-language models. So its configuration is used, and the loss,
but batches are encoded as they are when a reward model scores (`prompts.chat.encode`), and the model is saved as a
rubric reads it (`rewards.models.scalar_head`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import logsigmoid
from transformers.trainer import TRAINING_ARGS_NAME
from trl import RewardConfig
from trl.trainer.utils import disable_dropout_in_model

from prompts.chat import Conversation, encode
from prompts.processor import Processor
from rewards.models.scalar_head import ScalarHead
from rl.training.trainers.own_loss import OwnLossTrainer


@dataclass(frozen=True)
class Pair:
    """Two conversations on one case, which differ in the ruling at their end."""

    case: str
    chosen: Conversation
    rejected: Conversation


def preference_loss(better: torch.Tensor, worse: torch.Tensor, centring: float | None = None) -> torch.Tensor:
    """The mean of ``-log σ(better - worse) + centring · (better + worse)²`` over pairs.

    Sources: Bradley & Terry 1952, *Rank Analysis of Incomplete Block Designs*; Ouyang et al. 2022, *Training language
    models to follow instructions*; the second term, Eisenstein et al. 2023, *Helping or Herding?*, equation 2.

    Args:
        better: scores (B,).
        worse: (B,).
        centring: what keeps scores around 0, so that a score alone means something; not at all if None.
    """
    loss = -logsigmoid(better - worse)
    if centring:
        loss = loss + centring * (better + worse) ** 2
    return loss.mean()


class RulingRewardTrainer(OwnLossTrainer):
    """For a `ScalarHead` and lists of `Pair`.

    Logged beside the loss are ``accuracy``, the share of pairs whose better ruling scores higher, ``margin``, by how
    much on average, and ``score``, the mean of all scores.
    """

    args: RewardConfig
    model: ScalarHead

    def __init__(self, *args: Any, processing_class: Processor, **kwargs: Any):
        def collate(pairs: Sequence[Pair]) -> Any:
            both = [*(pair.chosen for pair in pairs), *(pair.rejected for pair in pairs)]
            return dict(encode(processing_class, both, reply=False))

        super().__init__(*args, processing_class=processing_class, data_collator=collate, **kwargs)
        if self.args.disable_dropout:
            disable_dropout_in_model(self.model)

    def pictured(self, rows: Sequence[Pair]) -> list[bool]:
        return [any(message.media for message in pair.chosen) for pair in rows]

    def settle_pictures(self, model: Any) -> None:
        super().settle_pictures(model.backbone)

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        output = model(**inputs)
        better, worse = output.logits[:, 0].float().chunk(2)
        with torch.no_grad():
            apart, scores = better - worse, (better + worse) / 2
            told = torch.stack([(apart > 0).float(), apart, scores], dim=1)
            figures = self.accelerator.gather_for_metrics(told).mean(dim=0).tolist()
        self.note(dict(zip(("accuracy", "margin", "score"), figures, strict=True)), inputs["attention_mask"])
        loss = preference_loss(better, worse, self.args.center_rewards_coefficient)
        return (loss, output) if return_outputs else loss

    def _save(self, output_dir: str | None = None, state_dict: dict[str, torch.Tensor] | None = None) -> None:
        folder = Path(output_dir or str(self.args.output_dir))
        folder.mkdir(parents=True, exist_ok=True)
        model: ScalarHead = self.accelerator.unwrap_model(self.model)
        model.save_pretrained(folder, state_dict=state_dict)
        self.processing_class.save_pretrained(folder)  # type: ignore[union-attr]
        torch.save(self.args, folder / TRAINING_ARGS_NAME)
