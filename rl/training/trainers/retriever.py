"""RetrieverTrainer: cases with the rules that they break in, an encoder whose vectors find them out.

sentence-transformers' own trainer takes the other documents of a batch for negatives, whatever they are. A case often
breaks several rules, and a rule is broken by many cases, so here what gold names is never a negative; and a run is
resumed exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy, normalize
from transformers.trainer import TRAINING_ARGS_NAME

from rl.training.trainers.own_loss import OwnLossTrainer


@dataclass(frozen=True)
class Lesson:
    """A rule that a case breaks, to be found; rules by their places in the book."""

    case: str
    query: str
    rule: int
    named: frozenset[int]
    """All that gold names: no negatives."""
    negatives: tuple[int, ...]


def contrastive_loss(
    queries: torch.Tensor, documents: torch.Tensor, right: torch.Tensor, left_out: torch.Tensor, temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """The mean of ``-log softmax(cos(query, documents) / temperature)`` at the right document, others left out.

    Source: Karpukhin et al. 2020, *Dense Passage Retrieval for Open-Domain Question Answering*, equation 2.

    Args:
        queries: vectors of length 1, ``(B, D)``.
        documents: the same, ``(M, D)``.
        right: the place of each query's document, ``(B,)``.
        left_out: documents that are no negatives of a query, ``(B, M)``; never the right one.

    Returns:
        The loss, and whether the right document comes first, ``(B,)``.
    """
    logits = (queries @ documents.T / temperature).masked_fill(left_out, float("-inf"))
    return cross_entropy(logits, right), logits.argmax(dim=1) == right


class RetrieverTrainer(OwnLossTrainer):
    """For a `sentence_transformers.SentenceTransformer` and lists of `Lesson`. Logged beside the loss is ``accuracy``,
    the share of lessons whose rule comes first among those of its batch.

    Args:
        documents: of the book's rules, in its order.
        temperature: what cosines are divided by.
    """

    def __init__(self, *args: Any, documents: Sequence[str], temperature: float, **kwargs: Any):
        model = kwargs["model"]

        def collate(lessons: Sequence[Lesson]) -> dict[str, Any]:
            return batch_of(lessons, documents, model)

        super().__init__(*args, data_collator=collate, **kwargs)
        self.temperature = temperature

    def pictured(self, rows: Sequence[Lesson]) -> list[bool]:
        return [False] * len(rows)

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        vectors = normalize(model(dict(inputs["texts"]))["sentence_embedding"].float(), dim=1)
        count = len(inputs["right"])
        told = inputs["right"], inputs["left_out"], self.temperature
        loss, first = contrastive_loss(vectors[:count], vectors[count:], *told)
        share = self.accelerator.gather_for_metrics(first.float().mean()).mean().item()
        self.note({"accuracy": share}, inputs["texts"]["attention_mask"])
        return (loss, vectors) if return_outputs else loss

    def _save(self, output_dir: str | None = None, state_dict: dict[str, torch.Tensor] | None = None) -> None:
        folder = Path(output_dir or str(self.args.output_dir))
        folder.mkdir(parents=True, exist_ok=True)
        self.accelerator.unwrap_model(self.model).save_pretrained(str(folder), create_model_card=False)
        torch.save(self.args, folder / TRAINING_ARGS_NAME)


def batch_of(lessons: Sequence[Lesson], documents: Sequence[str], model: Any) -> dict[str, Any]:
    """What the trainer's loss takes: the texts of queries and then of rules, each rule once."""
    rules = list(dict.fromkeys(rule for lesson in lessons for rule in (lesson.rule, *lesson.negatives)))
    asked, told = (model.prompts.get(name) or "" for name in ("query", "document"))
    texts = [asked + lesson.query for lesson in lessons] + [told + documents[rule] for rule in rules]
    others = [[rule in lesson.named and rule != lesson.rule for rule in rules] for lesson in lessons]
    return {
        "texts": dict(model.preprocess(texts)),
        "right": torch.tensor([rules.index(lesson.rule) for lesson in lessons]),
        "left_out": torch.tensor(others),
    }
