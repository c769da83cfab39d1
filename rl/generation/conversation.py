"""Conversation: one episode with a server: what the model asks of tools is answered, request by request.

Tools are put to the server as its API has them. A model that writes its calls as text instead, since its server reads
none, is answered as well. Either way the episode is written down as a model in this process would have written it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from data import DataError
from data.strict_json import parse_json
from prompts import Message, Turn
from prompts.message import ToolRequest
from prompts.neutralise import neutralise, restore
from prompts.parse import ANSWER, END_THINK, THINK
from prompts.parts import Medium, Text
from prompts.tool_turns import as_user
from rl.desk import Answer as DeskAnswer
from rl.desk import BadCall, Desk, ToolCall
from rl.desk.calls import MOST, neutral, restored, written
from rl.desk.shown import writable
from rl.generation.answer import Answer

Ask = Callable[[list[dict[str, Any]]], Awaitable[tuple[Answer, tuple[str, ...]]]]
"""From messages to the model's answer, and what the request had to leave out."""


@dataclass
class Conversation:
    """What was said."""

    turns: list[Turn] = field(default_factory=list)
    verdict_logprob: float | None = None
    left_out: tuple[str, ...] = ()
    prompt_tokens: int | None = None
    """All that was read, request by request."""

    def add(self, answer: Answer, text: str, left_out: tuple[str, ...]) -> None:
        """What the model wrote."""
        self.turns.append(Turn(text, tokens=answer.tokens))
        self.verdict_logprob = answer.verdict_logprob
        self.left_out = tuple(sorted({*self.left_out, *left_out}))
        if answer.prompt_tokens is not None:
            self.prompt_tokens = (self.prompt_tokens or 0) + answer.prompt_tokens


async def converse(ask: Ask, messages: list[dict[str, Any]], desk: Desk | None = None) -> Conversation:
    """Has a model behind a server write an episode.

    Args:
        messages: what is asked; they stay as they are.
        desk: what answers its calls; without one, the first turn is the last.

    Raises:
        Unanswered: the server gives no answer.
        DataError: a picture cannot be read.
    """
    from anyio.to_thread import run_sync

    said, messages = Conversation(), list(messages)
    while True:
        answer, left_out = await ask(messages)
        calls = [_read(request) for request in answer.calls[:MOST]] if ANSWER not in answer.text else []
        text = _with_calls(answer.text, calls) if calls else answer.text
        said.add(answer, text, left_out)
        if desk is None:
            return said
        # Tools open files and look through books: other requests go on meanwhile.
        found = await run_sync(desk.answer_calls, calls) if calls else await run_sync(desk.answer, text)
        if found is None:
            return said
        said.turns.append(found.turn)
        requests = tuple(map(_again, answer.calls, calls))
        messages += await run_sync(_for_server, Message("assistant", (Text(answer.text),), tool_calls=requests), found)


def _for_server(asked: Message, answer: DeskAnswer) -> list[dict[str, Any]]:
    """What was asked, and the answers: of calls of the API one message each, with pictures in a user's behind them, as
    the API lets tools answer in text only; of calls in text, a user's message.
    """
    if not asked.tool_calls:
        return [asked.for_server(), as_user(answer.message).for_server()]
    messages, pictures = [asked], []
    for request, piece in zip(asked.tool_calls, answer.pieces, strict=True):
        texts = [part.text for part in piece.parts if isinstance(part, Text)]
        own: list[Text | Medium] = [part for part in piece.parts if not isinstance(part, Text)]
        told = "\n".join([*texts, *(["(its picture stands below)"] if own else [])])
        messages.append(Message("tool", (Text(told),), answers=request.id))
        pictures += [Text(f"{piece.look.tool} shows:"), *own] if own else []
    if pictures:
        messages.append(Message("user", tuple(pictures)))
    return [message.for_server() for message in messages]


def _read(request: ToolRequest) -> ToolCall | BadCall:
    name, told = writable(request.name), writable(request.arguments)
    try:
        arguments = parse_json(told.encode())
    except DataError as error:
        return BadCall(f"its arguments cannot be read: {error.message}", restore(name), restore(told))
    if not isinstance(arguments, dict):
        return BadCall(f"its arguments are a {type(arguments).__name__}", restore(name), restore(told))
    return restored(name, arguments)


def _again(request: ToolRequest, call: ToolCall | BadCall) -> ToolRequest:
    """A call as it is told to the server once more: servers read the arguments as a JSON object and refuse the whole
    conversation where they are none, and chat templates write name, arguments and id into the prompt as they are."""
    shown = _shown(call)
    return ToolRequest(neutralise(writable(request.id)), shown.name, shown.told)


def _shown(call: ToolCall | BadCall) -> ToolCall:
    """A call as it is written down, whatever it was."""
    return neutral(call if isinstance(call, ToolCall) else ToolCall(call.name, {"unread": call.told}))


def _with_calls(text: str, calls: list[ToolCall | BadCall]) -> str:
    """The turn as a model in this process writes it: calls stand behind the reasoning."""
    closed = f"{text}{END_THINK}" if THINK in text and END_THINK not in text else text
    return closed + "".join(written(_shown(call)) for call in calls)
