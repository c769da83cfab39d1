"""Beginnings: how the turns of a batch begin, where that is not left to the model.

A text is put behind the prompt in tokens of its own. A ``</think>`` that ends it is an exception: with some tokenizers
one token holds the tag and what follows it, and a model that has learnt that token would be lost behind another
spelling. So the tag is spelt by the model: of the tokens that it may write, only those are left that go on with the
tag, until it stands there (*token healing*).
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from data import DataError
from prompts.parse import END_THINK
from rewards.models.likelihood import followed_by


class Beginnings:
    """How the turns of a batch begin; as a logits processor, what has the model spell the tag.

    Args:
        texts: one for each prompt; empty where the model begins by itself.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]):
        self._tokenizer = tokenizer
        self.texts = [text.removesuffix(END_THINK) for text in texts]
        """What is put behind the prompts, and so stands before what the model writes."""
        self._tags = [END_THINK if text.endswith(END_THINK) else "" for text in texts]
        self._left: list[str] | None = None
        """What each completion must write before it is free; None before the first step."""
        self._allowed: dict[str, torch.Tensor] = {}

    def behind(self, prompts: Any) -> Any:
        """Model inputs with the texts behind them, padded on the left as the prompts are."""
        if not any(self.texts):
            return prompts
        tokens = [self._tokenizer(text, add_special_tokens=False)["input_ids"] if text else [] for text in self.texts]
        width, inputs = max(map(len, tokens)), followed_by(prompts, tokens)
        shape = inputs["input_ids"].shape
        return {
            name: torch.stack([row.roll(width - len(own)) for row, own in zip(value, tokens, strict=True)])
            if isinstance(value, torch.Tensor) and value.shape == shape
            else value
            for name, value in inputs.items()
        }

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """The scores without tokens that do not go on with the tag, in rows where it does not stand yet."""
        if self._left is None:
            samples = len(scores) // len(self._tags)
            self._left = [tag for tag in self._tags for _ in range(samples)]
        elif any(self._left):
            chosen = input_ids[:, -1].tolist()
            self._left = [
                left and left[len(self._pieces[token]) :] for left, token in zip(self._left, chosen, strict=True)
            ]
        if not any(self._left):
            return scores
        free = torch.ones(scores.shape[1], dtype=torch.bool, device=scores.device)
        allowed = torch.stack([self._goes_on(left, scores) if left else free for left in self._left])
        return scores.masked_fill(~allowed, -torch.inf)

    def _goes_on(self, left: str, scores: torch.Tensor) -> torch.Tensor:
        """``(vocabulary,)``: whether a token is a part of what is left to write, or holds all of it."""
        if left not in self._allowed:
            found = [bool(piece) and (left.startswith(piece) or piece.startswith(left)) for piece in self._pieces]
            if not any(found):
                raise DataError(f"the model's tokenizer cannot write '{left}'")
            found += [False] * (scores.shape[1] - len(found))  # vocabularies are filled up to round numbers
            self._allowed[left] = torch.tensor(found, device=scores.device)
        return self._allowed[left]

    @cached_property
    def _pieces(self) -> list[str]:
        """The vocabulary. Tokenizers write blanks and bytes in signs of their own, but plain signs as they are."""
        return list(self._tokenizer.convert_ids_to_tokens(list(range(len(self._tokenizer)))))
