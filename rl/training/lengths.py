"""Lengths: how many tokens conversations have, counted, or estimated without a tokenizer; and whether they fit.

Nothing is ever cut: a conversation that is too long is an error that says by how much.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data import Brief, DataError
from prompts.chat import Conversation, so_far, without_payloads
from prompts.parts import MEDIA, Medium
from prompts.processor import Processor, tokenizer_of
from rl.config.desk import DeskConfig


@dataclass(frozen=True)
class Length:
    """The length of a conversation, in tokens."""

    text: int
    """Of text, that of the chat template included."""
    media: Mapping[str, int]
    """Of every medium, by what people call its pieces (``pictures``)."""
    exact: bool
    """Whether the tokens of text are counted; those of media always are."""

    @property
    def total(self) -> int:
        """Of everything."""
        return self.text + sum(self.media.values())


def count(
    conversations: Sequence[Conversation], processor: Processor, schemas: list[dict[str, Any]] | None = None
) -> list[Length]:
    """Counts with the model's own processor. Where the last turn is not the assistant's, its header is counted too.

    Args:
        schemas: of tools that the chat template is to tell of.

    Raises:
        DataError: a picture is missing or too large, or the model reads text only; names the case.
    """
    options: list[Any] = [{"add_generation_prompt": messages[-1].role != "assistant"} for messages in conversations]
    told: dict[str, Any] = {"tools": schemas} if schemas else {}
    texts = [
        so_far(processor, messages, told) + str(tokenizer_of(processor).eos_token)
        if any(message.role == "tool" for message in messages)
        else processor.apply_chat_template(without_payloads(messages, processor), tokenize=False, **told, **option)
        for messages, option in zip(conversations, options, strict=True)
    ]
    encoded = tokenizer_of(processor)(texts, add_special_tokens=False)["input_ids"]
    lengths = []
    for messages, ids in zip(conversations, encoded, strict=True):
        places = sum(len(message.media) for message in messages)  # in the template's text, one token stands for each
        tally = _tally(messages, lambda part, alone: part.tokens(processor, alone))
        lengths.append(Length(len(ids) - places, tally, exact=True))
    return lengths


def estimate(conversations: Sequence[Conversation], settings: Path) -> list[Length]:
    """Counts the tokens of media by a processor's settings, and estimates those of text.

    Args:
        settings: a folder with a ``preprocessor_config.json``.

    Raises:
        DataError: a picture is missing or too large; names the case.
    """
    lengths = []
    for messages in conversations:
        text = sum(part.estimate(settings) for message in messages for part in message.texts)
        lengths.append(Length(int(text), _tally(messages, lambda part, _: part.estimate(settings)), exact=False))
    return lengths


def check_fit(briefs: Sequence[Brief], lengths: Sequence[Length], context: int, reserved: int = 0) -> None:
    """Checks that every case fits the model; of estimated lengths, that its media alone do.

    Args:
        lengths: of each case's conversation.
        context: the model's context in tokens.
        reserved: tokens kept for the completion.

    Raises:
        DataError: a case does not fit; names it.
    """
    for brief, length in zip(briefs, lengths, strict=True):
        pieces = {kind: tokens for kind, tokens in length.media.items() if tokens}
        if length.exact and length.total + reserved > context:
            said = [f"{length.total} tokens", *(f"{tokens} of them for its {kind}" for kind, tokens in pieces.items())]
            if reserved:
                said.append(f"and {reserved} more for the completion")
            raise DataError(
                f"case '{brief.id}' needs {', '.join(said)}, and the model's context is {context}: show it "
                "fewer rules, smaller pictures or less text, or take a model with a longer context"
            )
        if not length.exact and sum(pieces.values()) + reserved > context:
            said = [f"{tokens} tokens of {kind}" for kind, tokens in pieces.items()]
            raise DataError(f"case '{brief.id}' has {', '.join(said)}, and the model's context is {context}")


def room_for_episode(turn: int, desk: DeskConfig | None) -> int:
    """Tokens of the context that an episode may take behind its prompt.

    Args:
        turn: the most that a policy writes in one go.
        desk: what it may look up; None: it writes one turn. What its pictures take is not known to it.
    """
    return turn if desk is None else (desk.max_calls + 2) * turn + desk.max_tokens


def _tally(messages: Conversation, tokens: Callable[[Medium, bool], int]) -> dict[str, int]:
    """Of each medium; ``tokens`` is told whether a piece is shown alone, as what a tool answers is."""
    tally = {medium.plural: 0 for medium in MEDIA}
    asked = sum(len(message.media) for message in messages if message.role != "tool")
    for message in messages:
        together = len(message.media) if message.role == "tool" else asked
        for part in message.media:
            tally[part.plural] += tokens(part, together == 1)
    return tally
