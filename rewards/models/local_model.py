"""A model that rewards ask: loaded whole, asked in batches of about equal length, one fault at a time.

Loads torch: to be imported where a reward is built.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import torch
from transformers import PreTrainedModel
from transformers.integrations import deepspeed

from data import DataError
from prompts.chat import Conversation, batches, encode
from prompts.processor import Processor, reads_media, special_tokens
from rewards.models.checkpoint import (
    base_of_adapter,
    context_length,
    load_adapter,
    load_processor,
    load_weights,
)
from rewards.models.location import resolve
from rewards.models.machine import own_device
from rewards.models.room import check_room

T = TypeVar("T")


@dataclass(frozen=True)
class LocalModel:
    """A model with its processor, to be read and not trained."""

    model: Any
    processor: Processor

    @classmethod
    def load(cls, path: str, dtype: str = "auto", device: str | None = None) -> "LocalModel":
        """The model that writes text, adapters merged in.

        Raises:
            DataError: there is no such model, its weights do not match it, or it has no chat template.
        """
        where = resolve(path)
        processor = load_processor(where)
        with unsharded():
            base = base_of_adapter(where)
            model: Any = load_weights(base or where, dtype)
            if base is not None:
                model = load_adapter(model, where, trainable=False).merge_and_unload()
        return cls.of(model, processor, device)

    @classmethod
    def of(cls, model: PreTrainedModel | torch.nn.Module, processor: Processor, device: str | None) -> "LocalModel":
        """A model put on its device and into evaluation mode."""
        return cls(model.eval().requires_grad_(False).to(device or own_device()), processor)

    @property
    def sees(self) -> bool:
        """Whether it reads pictures."""
        return reads_media(self.processor)

    @property
    def special_tokens(self) -> tuple[str, ...]:
        """What reviewed text must not contain."""
        return special_tokens(self.processor)

    def each(
        self,
        conversations: Sequence[Conversation],
        read: Callable[[Any, list[int]], Sequence[T]],
        size: int,
        *,
        case_of: Callable[[int], Conversation] | None = None,
        further: Sequence[int] | None = None,
        **encoding: Any,
    ) -> list[T | Exception]:
        """What is read from the model about each conversation, in their order; the error where there was one.

        Args:
            read: from model inputs (padded on the left) and the rows that they are of to one result a row.
            size: conversations put together.
            case_of: for a row, the conversation with nothing of the ruling that it is about; a `RulingTooLong` then is
                the error where the ruling is too long beside its case.
            further: for each row, the tokens that `read` puts behind the conversation.
            encoding: for `prompts.chat.encode`.
        """
        results: dict[int, T | Exception] = {}

        def case_length(row: int) -> int:
            assert case_of is not None
            return int(encode(self.processor, [case_of(row)], **encoding)["attention_mask"].sum())

        def ask(rows: list[int]) -> None:
            try:
                inputs = encode(self.processor, [conversations[i] for i in rows], **encoding)
                if case_of is not None:
                    for row, length in zip(rows, inputs["attention_mask"].sum(dim=1).tolist(), strict=True):
                        whole = length + (further[row] if further else 0)
                        check_room(whole, partial(case_length, row), context_length(self.model))
                results.update(zip(rows, read(inputs.to(self.model.device), rows), strict=True))
            except Exception as error:
                if len(rows) == 1:  # without its traceback, which holds on to the tensors
                    results[rows[0]] = error.with_traceback(None)
                    return
                for row in rows:  # one row's fault is not the others'
                    ask([row])

        for rows in batches(conversations, size):
            ask(rows)
        return [results[row] for row in range(len(conversations))]

    def forward(self, inputs: Any, **options: Any) -> Any:
        """The model's output, without gradients.

        Raises:
            DataError: the inputs are longer than the model's context.
        """
        longest, limit = int(inputs["attention_mask"].sum(dim=1).max()), context_length(self.model)
        if longest > limit:
            raise DataError(f"{longest} tokens do not fit the context of {limit} of the reward's model")
        with torch.inference_mode():
            return self.model(**inputs, **options)


@contextmanager
def unsharded() -> Iterator[None]:
    """Inside, weights are loaded whole, although those of the policy are sharded as they are loaded (ZeRO-3)."""
    reference = deepspeed._hf_deepspeed_config_weak_ref
    config = reference() if reference is not None else None
    deepspeed.unset_hf_deepspeed_config()
    try:
        yield
    finally:
        if config is not None:
            deepspeed.set_hf_deepspeed_config(config)
