"""Pieces: the turns of an episode as a model reads them behind its prompt: token ids, and the media among them.

What a policy wrote stays as it wrote it, token by token, and is never rendered again: templates rewrite what an
assistant said before. In training on what is written already, a turn is cut into tokens on its own, as a model that
writes it begins behind the header of its turn.
"""

from collections.abc import Collection, Mapping
from typing import Any

import torch

from data import DataError
from prompts import Message
from prompts.chat import known_variables
from prompts.processor import Processor, reads_media, tokenizer_of
from prompts.tool_turns import behind
from rl.shared_prefix.prompt import Prompt


class Pieces:
    """Turns for one model.

    Args:
        ends: the tokens that end a turn.
        variables: for the chat template, with the ``tools`` that it is told of.
    """

    def __init__(self, processor: Processor, ends: Collection[int], variables: Mapping[str, Any]):
        self._processor, self._tokenizer, self._ends = processor, tokenizer_of(processor), ends
        self._variables = known_variables(processor, variables)

    def wrote(self, text: str) -> Prompt:
        """A policy's turn, without what the chat template has written of it, and the token that ends it."""
        ids = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return Prompt(torch.tensor([*ids, self._tokenizer.eos_token_id]))

    def answered(self, answer: Message) -> Prompt:
        """What stands behind a turn that has ended, up to where the policy writes on.

        Args:
            answer: a tool's message.

        Raises:
            DataError: the chat template takes no such message, or ends turns by what ends no writing.
        """
        text = behind(self._processor, answer, self._variables)
        processor: Any = self._processor
        pictures = [part.for_processor()["image"] for part in answer.media]
        shown = {"images": pictures} if pictures else {}
        if reads_media(self._processor) and pictures:
            whole = processor(text=[text], return_tensors="pt", add_special_tokens=False, **shown)
        else:
            whole = self._tokenizer([text], return_tensors="pt", add_special_tokens=False)
        piece = Prompt.of(whole)
        if piece.ids[0].item() not in self._ends:
            first = self._tokenizer.decode(piece.ids[:1])
            raise DataError(f"the model's chat template ends its turns by {first!r}, which ends no writing")
        types = {name: value[:, 1:] for name, value in piece.types.items()}
        return Prompt(piece.ids[1:], {**piece.media, **types})
