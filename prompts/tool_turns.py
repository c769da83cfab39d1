"""Tool turns: what a chat template writes where a tool answers, between what a model wrote and what it writes next.

Templates rewrite what an assistant said before: some drop its reasoning, some blanks. A model must go on from what it
has written, token by token, so nothing that stands is ever rendered again: what the template would put behind it is
put there. Where a template knows no tools, or leaves out what one answers, the answer is a user's turn with
``<tool_response>`` around it.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from data import DataError
from prompts.message import Message
from prompts.parts import Text
from prompts.processor import Processor, reads_media

MARK = "What the assistant says."
_ANSWER = "What the tool answers."
OPENS, CLOSES = "<tool_response>\n", "\n</tool_response>"


def behind(processor: Processor, answer: Message, variables: dict[str, Any]) -> str:
    """The text behind an assistant's turn: its end, the tool's answer, and the header of the next.

    Args:
        answer: a tool's message.
        variables: for the chat template; it knows all of them.

    Raises:
        DataError: the template rewrites what an assistant says beyond recognition, or cannot be applied.
    """
    asked = Message("user", (Text("What is asked."),))
    said = Message("assistant", (Text(MARK),))
    own = answer if _shows(processor, str(processor.chat_template), bool(answer.media)) else as_user(answer)
    try:
        whole = _applied(processor, [asked, said, own], variables)
    except Exception as error:  # a template is a program of others, and may raise anything
        raise DataError(f"the model's chat template takes no tools: {type(error).__name__}: {error}") from error
    _, found, after = whole.partition(MARK)
    if not found or MARK in after:
        raise DataError("the model's chat template rewrites what an assistant says, so it cannot be asked with tools")
    return after


def knows_tools(processor: Processor) -> bool:
    """Whether the chat template tells of tools that it is given."""
    return "tools" in str(processor.chat_template)


@lru_cache(maxsize=8)
def _shows(processor: Processor, template: str, pictures: bool) -> bool:
    """Whether the chat template writes down what a tool answers, pictures included."""
    texts = [Message("user", (Text("asked"),)), Message("assistant", (Text(MARK),))]

    def written(parts: Sequence[dict[str, Any]] | str) -> str:
        rows = [_row(message, processor) for message in texts]
        return _template(processor, [*rows, {"role": "tool", "content": parts}], {}).partition(MARK)[2]

    text = {"type": "text", "text": _ANSWER}
    try:
        if not reads_media(processor):
            return _ANSWER in written(_ANSWER)
        plain = written([text])
        return _ANSWER in plain and (not pictures or len(written([text, {"type": "image"}])) > len(plain))
    except Exception:  # it knows no such role, or wants something before it
        return False


def as_user(answer: Message) -> Message:
    """A tool's answer as a user's turn."""
    parts = [Text(OPENS), *answer.parts, Text(CLOSES)]
    if isinstance(parts[1], Text):
        parts[:2] = [Text(OPENS + parts[1].text)]
    if len(parts) > 1 and isinstance(parts[-2], Text):
        parts[-2:] = [Text(parts[-2].text + CLOSES)]
    return replace(answer, role="user", parts=tuple(parts))


def _applied(processor: Processor, messages: Sequence[Message], variables: dict[str, Any]) -> str:
    return _template(processor, [_row(message, processor) for message in messages], variables)


def _row(message: Message, processor: Processor) -> dict[str, Any]:
    return message.for_row() if reads_media(processor) else message.for_tokenizer()


def _template(processor: Processor, rows: list[dict[str, Any]], variables: dict[str, Any]) -> str:
    return str(processor.apply_chat_template(rows, tokenize=False, add_generation_prompt=True, **variables))
