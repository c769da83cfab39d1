"""Chat messages as a model reads them: a processor (or a text model's tokenizer) turns them into tensors."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from data import Case, DataError
from data.media.images import open_image

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, ProcessorMixin

Message = dict[str, Any]
Processor: TypeAlias = "ProcessorMixin | PreTrainedTokenizerBase"
"""What turns messages and images into tensors: a text-only model has a tokenizer."""


def tokenizer_of(processor: Processor) -> "PreTrainedTokenizerBase":
    """The tokenizer inside a processor, or the tokenizer itself."""
    whole: Any = processor
    tokenizer: PreTrainedTokenizerBase = getattr(whole, "tokenizer", whole)
    return tokenizer


def special_tokens(processor: Processor) -> tuple[str, ...]:
    """Every special token, so that reviewed text that contains one can be neutralised."""
    tokenizer = tokenizer_of(processor)
    added = [token.content for token in tokenizer.added_tokens_decoder.values()]
    return tuple(dict.fromkeys([*tokenizer.all_special_tokens, *added]))


def encode(
    processor: Processor,
    conversations: Sequence[list[Message]],
    cases: Sequence[Case],
    *,
    reply: bool = True,
    **variables: Any,
) -> Any:
    """Chat messages about cases → model inputs, padded on the left.

    Args:
        reply: end with the header of the assistant's turn, for the model to write it.
        variables: for the chat template, such as ``enable_thinking``; those that it does not know are left out.

    Raises:
        DataError: a picture cannot be read, or the model reads no pictures.
    """
    tokenizer = tokenizer_of(processor)
    template = str(processor.chat_template)
    settings: dict[str, Any] = {
        "add_generation_prompt": reply,
        "tokenize": True,
        "return_dict": True,
        "return_tensors": "pt",
        # Others would be taken for settings of the image processor.
        **{name: value for name, value in variables.items() if name in template},
    }
    with _padding_left(tokenizer):
        if processor is tokenizer:
            return tokenizer.apply_chat_template([flatten(m) for m in conversations], padding=True, **settings)
        pictured = [with_pictures(messages, case.id) for messages, case in zip(conversations, cases, strict=True)]
        return processor.apply_chat_template(pictured, processor_kwargs={"padding": True}, **settings)


def batches(conversations: Sequence[list[Message]], size: int) -> Iterator[list[int]]:
    """Indices in batches of prompts of about equal length, longest first, so that memory runs out early or never.

    Prompts with and without pictures are kept apart: processors disagree on how to write "none".
    """

    def length(i: int) -> tuple[int, int]:
        parts = [part for message in conversations[i] for part in message["content"]]
        return sum(part["type"] == "image" for part in parts), sum(len(part.get("text", "")) for part in parts)

    lengths = [length(i) for i in range(len(conversations))]
    for pictured in (True, False):
        order = [i for i, (pictures, _) in enumerate(lengths) if bool(pictures) == pictured]
        order.sort(key=lambda i: lengths[i], reverse=True)
        for start in range(0, len(order), size):
            yield order[start : start + size]


def flatten(messages: list[Message]) -> list[Message]:
    """The same messages with plain-string contents, as chat templates of text-only models expect them."""
    if any(part["type"] != "text" for message in messages for part in message["content"]):
        raise DataError("this case has pictures, and the model reads text only; leave them out with `images: ignore`")
    return [{**message, "content": "".join(part["text"] for part in message["content"])} for message in messages]


def with_pictures(messages: list[Message], case_id: str) -> list[Message]:
    """The same messages with pictures read from their paths, as RGB.

    Raises:
        DataError: a picture is missing, corrupt or far too large; names the case.
    """

    def read(part: dict[str, Any]) -> dict[str, Any]:
        return {**part, "image": open_image(part["image"], case_id)} if part["type"] == "image" else part

    return [{**message, "content": [read(part) for part in message["content"]]} for message in messages]


@contextmanager
def _padding_left(tokenizer: "PreTrainedTokenizerBase") -> Iterator[None]:
    side = tokenizer.padding_side
    tokenizer.padding_side = "left"
    try:
        yield
    finally:
        tokenizer.padding_side = side
