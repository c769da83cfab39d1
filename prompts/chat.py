"""Conversations as a model reads them: a processor (or a text model's tokenizer) turns messages into tensors."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from data import DataError
from prompts.message import Message
from prompts.processor import Processor, reads_media, tokenizer_of
from prompts.system import fold_system
from prompts.tool_turns import behind

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Conversation: TypeAlias = Sequence[Message]


def encode(
    processor: Processor, conversations: Sequence[Conversation], *, reply: bool = True, **variables: Any
) -> Any:
    """Conversations → model inputs, padded on the left. One with tools' answers is read on from what the model wrote;
    see `so_far`.

    Args:
        reply: end with the header of the assistant's turn, for the model to write it.
        variables: for the chat template, such as ``enable_thinking``; those that it does not know are left out.

    Raises:
        DataError: a picture cannot be read, or the model reads no pictures; names the case.
    """
    tokenizer = tokenizer_of(processor)
    settings: dict[str, Any] = {
        "add_generation_prompt": reply,
        "tokenize": True,
        "return_dict": True,
        "return_tensors": "pt",
        **known_variables(processor, variables),
    }
    conversations = [fold_system(messages, processor) for messages in conversations]
    if any(message.role == "tool" for messages in conversations for message in messages):
        return _encode_written(processor, conversations, variables)
    with _padding_left(tokenizer):
        if not reads_media(processor):
            plain = [[message.for_tokenizer() for message in messages] for messages in conversations]
            return tokenizer.apply_chat_template(plain, padding=True, **settings)
        opened = [[message.for_processor() for message in messages] for messages in conversations]
        return processor.apply_chat_template(opened, processor_kwargs={"padding": True}, **settings)


def so_far(processor: Processor, messages: Conversation, variables: Mapping[str, Any]) -> str:
    """A conversation with tools as the text that a model goes on from: what it wrote stands in it to the letter.

    Args:
        messages: what is asked; then, turn by turn, what an assistant wrote behind its header, and what a tool
            answered.

    Raises:
        DataError: the chat template cannot be applied so.
    """
    known = known_variables(processor, variables)
    first = next((at for at, message in enumerate(messages) if message.role == "assistant"), len(messages))
    asked = without_payloads(messages[:first], processor)
    text = str(processor.apply_chat_template(asked, tokenize=False, add_generation_prompt=True, **known))
    for message in messages[first:]:
        tool = message.role == "tool"
        text += behind(processor, message, known) if tool else "".join(part.text for part in message.texts)
    return text


def _encode_written(processor: Processor, conversations: Sequence[Conversation], variables: Mapping[str, Any]) -> Any:
    """As the processor's own `apply_chat_template` does it once it has the text."""
    tokenizer = tokenizer_of(processor)
    texts = [so_far(processor, messages, variables) for messages in conversations]
    # A template that writes the first token leaves none for the tokenizer; tokenizers add none to a template's text.
    begun = not reads_media(processor) or (
        tokenizer.bos_token is not None and texts[0].startswith(tokenizer.bos_token)
    )
    settings = {"return_tensors": "pt", "padding": True, **({"add_special_tokens": False} if begun else {})}
    with _padding_left(tokenizer):
        if not reads_media(processor):
            return tokenizer(texts, **settings)
        pictures = [
            [part.for_processor()["image"] for message in messages for part in message.media]
            for messages in conversations
        ]
        whole: Any = processor
        return whole(text=texts, images=pictures if any(pictures) else None, **settings)


def known_variables(processor: Processor, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Those that the chat template knows: others would be taken for settings of the image processor."""
    template = str(processor.chat_template)
    return {name: value for name, value in variables.items() if name in template}


def settle(processor: Processor, variables: Mapping[str, bool | int | float | str]) -> None:
    """Writes variables into the chat template, so that whoever applies it, or loads it once it is saved, need not know
    of them. Who gives another value still has their way, and so does who settles one later.

    Raises:
        DataError: the template has no such variable.
    """
    for name in variables:
        if name not in known_variables(processor, variables):
            raise DataError(f"the model's chat template has no variable '{name}'", field="model.chat_template_kwargs")
    # JSON's notation is Jinja's, and without a new line behind it the template's own text stays as it is.
    written = "".join(f"{{% set {name} = {name}|default({json.dumps(value)}) %}}" for name, value in variables.items())
    for part in {id(part): part for part in (processor, tokenizer_of(processor))}.values():
        if isinstance(part.chat_template, str):
            part.chat_template = written + part.chat_template


def without_payloads(messages: Conversation, processor: Processor) -> list[dict[str, Any]]:
    """Chat messages as the processor's chat template takes them, and TRL's rows: no file is opened.

    Raises:
        DataError: the model reads text only, and there is more; names the case.
    """
    messages = fold_system(messages, processor)
    if reads_media(processor):
        return [message.for_row() for message in messages]
    return [message.for_tokenizer() for message in messages]


def batches(conversations: Sequence[Conversation], size: int) -> Iterator[list[int]]:
    """Indices in batches of conversations of about equal length, longest first, so that memory runs out early or
    never.

    Those with different kinds of media, or none, are kept apart: processors disagree on how to write "none".
    """
    kinds = [frozenset(part.plural for message in messages for part in message.media) for messages in conversations]
    lengths = [_length(messages) for messages in conversations]
    for together in sorted(set(kinds), key=sorted, reverse=True):
        order = [i for i, kind in enumerate(kinds) if kind == together]
        order.sort(key=lambda i: lengths[i], reverse=True)
        for start in range(0, len(order), size):
            yield order[start : start + size]


def _length(messages: Conversation) -> tuple[int, int]:
    """Pieces of media, and letters of text."""
    return (
        sum(len(message.media) for message in messages),
        sum(len(part.text) for message in messages for part in message.texts),
    )


@contextmanager
def _padding_left(tokenizer: "PreTrainedTokenizerBase") -> Iterator[None]:
    side = tokenizer.padding_side
    tokenizer.padding_side = "left"
    try:
        yield
    finally:
        tokenizer.padding_side = side
