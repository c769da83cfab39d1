"""Reader: conversations as a model in this process reads them, each distinct picture through its processor once."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

import torch

from prompts.chat import Conversation, encode
from prompts.processor import Processor
from rl.generation.pictures_once import GRID, PIXELS, PicturesOnce
from rl.shared_prefix.prompt import Prompt

_BY_TOKEN = {"input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids"}
"""What a processor says of each token."""


class Reader:
    """A processor at work for one model.

    Args:
        variables: for the chat template.
    """

    def __init__(self, processor: Processor, variables: Mapping[str, Any]):
        self._processor, self._variables, self._pictures = processor, variables, PicturesOnce(processor)

    def padded(self, conversations: Sequence[Conversation]) -> Any:
        """Model inputs, padded on the left.

        Raises:
            DataError: a picture cannot be read, or the model reads no pictures; names the case.
        """
        with self._pictures.at_work():
            return encode(self._processor, conversations, **self._variables)

    def prompts(self, conversations: Sequence[Conversation]) -> list[Prompt]:
        """The same, each for itself. They are made in one call where it can be told what of it is whose.

        Raises:
            DataError: as `padded`.
        """
        counts = [sum(len(message.media) for message in messages) for messages in conversations]
        if all(counts) or not any(counts):  # processors disagree on how to write "none" beside others
            made = self.padded(conversations)
            if made.keys() <= _BY_TOKEN or made.keys() <= _BY_TOKEN | {PIXELS, GRID}:
                return list(_apart(made, counts))
        return [Prompt.of(self.padded([conversation])) for conversation in conversations]


def _apart(made: Mapping[str, torch.Tensor], counts: Sequence[int]) -> Iterator[Prompt]:
    """Of a batch that is padded on the left, the prompts.

    Args:
        counts: how many pictures each has.
    """
    places: list[tuple[int, int]] = list(pairwise(accumulate(counts, initial=0)))
    patches: list[int] = [0, *made[GRID].prod(dim=1).cumsum(dim=0).tolist()] if GRID in made else []
    for row, length in enumerate(made["attention_mask"].sum(dim=1).tolist()):
        own = {name: made[name][row : row + 1, -length:] for name in made if name in _BY_TOKEN}
        if patches:
            first, behind = places[row]
            own |= {PIXELS: made[PIXELS][patches[first] : patches[behind]], GRID: made[GRID][first:behind]}
        yield Prompt.of(own)
