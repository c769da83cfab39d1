"""Answer: what a server sent, read with suspicion.

A success by its status may be no answer: an error in its body, a page, a message without content. Each of those is a
fault, never an empty completion. An empty completion is believed where the server says that the model came to its end.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from data.address import Address
from prompts.message import ToolRequest
from prompts.parse import END_THINK, THINK
from rl.generation.faults import Failed, Refused, Said, short
from rl.generation.logprobs import verdict_logprob

_FILTERED = ("content_filter", "safety", "blocklist", "prohibited_content")
"""How servers end a completion that they have stopped for its content."""
_CALLS = ("tool_calls", "function_call")
_FAULTY = ("error", "abort", *_CALLS)
"""Ends that are none of the model's own, unless there was something to be called."""


_LEAST = 1e300
"""What a log-probability may be below 0: servers write any number where there is none."""


@dataclass(frozen=True)
class Answer:
    """What a model wrote behind a server."""

    text: str
    """With its reasoning put back where the model wrote it."""
    tokens: int | None = None
    prompt_tokens: int | None = None
    verdict_logprob: float | None = None
    calls: tuple[ToolRequest, ...] = ()
    """What it asks of tools; of text that asks, nobody knows here."""


def read_answer(content: bytes, address: Address, tools: bool = False) -> Answer:
    """The first choice's answer; log-probabilities that are none are not known.

    Args:
        tools: whether it was given any; else nothing was to be called.

    Raises:
        Refused: the server stopped the model, or the model declined where the API lets it.
        Unanswered: it is no answer of the OpenAI API, or one that says what went wrong.
    """
    answer, choice = first_choice(content, address)
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        raise Failed(f"the answer has no message: {short(choice, address)}", soon=True)
    usage = answer.get("usage")
    tokens, prompt_tokens = (_count(usage, name, address) for name in ("completion_tokens", "prompt_tokens"))
    calls = tuple(_calls(message.get("tool_calls"), address)) if tools else ()
    text = _text(choice, message, tokens, address, bool(calls))
    return Answer(text, tokens, prompt_tokens, _verdict_logprob(choice.get("logprobs")), calls)


def first_choice(content: bytes, address: Address) -> tuple[dict[str, Any], Any]:
    """An answer of the OpenAI API, and the first of its choices.

    Raises:
        Unanswered: it is none, or one that says what went wrong.
    """
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError) as error:
        if content.lstrip()[:1] in (b"{", b"["):
            raise Failed(f"it answers with broken JSON: {short(str(error), address)}", soon=True) from error
        said = short(content[:10_000].decode("utf-8", "replace"), address)
        raise Failed(
            f"a page or plain text came back ({said!r}): this is no OpenAI-compatible address", soon=False
        ) from error
    if not isinstance(answer, dict):
        raise Failed(f"the answer has no choices: {short(answer, address)}", soon=False)
    if answer.get("error"):
        fault = Said.of(answer, address).fault()
        fault.args = (f"it answers with an error: {fault}",)
        raise fault
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices:
        raise Failed(f"the answer has no choices: {short(answer, address)}", soon=True)
    return answer, next((one for one in choices if isinstance(one, dict) and one.get("index") == 0), choices[0])


def _calls(given: Any, address: Address) -> Iterator[ToolRequest]:
    """Calls as the API has them; what a tool is asked with is read by whoever answers."""
    if given is not None and not isinstance(given, list):
        raise Failed(f"tool_calls is no list but {short(given, address)}", soon=False)
    for place, call in enumerate(given or []):
        function = call.get("function") if isinstance(call, dict) else None
        name = function.get("name") if isinstance(function, dict) else None
        if not isinstance(function, dict) or not isinstance(name, str):
            raise Failed(f"a tool call without a name: {short(call, address)}", soon=False)
        arguments, id_ = function.get("arguments"), call.get("id")
        told = arguments if isinstance(arguments, str) else json.dumps(arguments if arguments is not None else {})
        yield ToolRequest(id_ if isinstance(id_, str) and id_ else f"call-{place}", name, told or "{}")


def _text(
    choice: Mapping[str, Any], message: Mapping[str, Any], tokens: int | None, address: Address, calls: bool
) -> str:
    """What the model wrote; reasoning that the server keeps apart is put back where the model wrote it, and a tag
    before it that only the prompt can have held: text that closes a reasoning which it has not opened is taken to go
    on from one that the chat template had opened.
    """
    end, content = choice.get("finish_reason"), message.get("content")
    if isinstance(end, str) and end.lower() in _FILTERED:
        raise Refused(f"the server stopped the model: {end}")
    if content is not None and not isinstance(content, str):
        raise Failed(f"the message's content is no text but {short(content, address)}", soon=False)
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    reasoning = reasoning if isinstance(reasoning, str) else ""
    if not content and isinstance(message.get("refusal"), str) and message["refusal"]:
        raise Refused(f"the model declines: {short(message['refusal'], address)}")
    if end in _FAULTY and not (calls and end in _CALLS):
        hint = ": switch off the server's tool parser" if end in _CALLS else ""
        raise Failed(f"the completion ended with {end}{hint}", soon=end in ("error", "abort"))
    ended = calls or (isinstance(end, str) and bool(end) and (content is not None or tokens is not None))
    if not content and not reasoning and not ended:
        raise Failed(f"the message has no content: {short(choice, address)}", soon=True)
    text = content or ""
    if THINK not in text and reasoning:
        text = f"{THINK}{reasoning}{END_THINK}{text.lstrip()}"
    elif THINK not in text and END_THINK in text:
        text = THINK + text
    return text.encode("utf-8", "replace").decode()  # halves of surrogate pairs cannot be written to a file


def _count(usage: Any, name: str, address: Address) -> int | None:
    found = usage.get(name) if isinstance(usage, dict) else None
    if found is not None and (type(found) is not int or not 0 <= found < 2**31):
        raise Failed(f"{name} is no number but {short(found, address)}", soon=False)
    return found


def _verdict_logprob(logprobs: Any) -> float | None:
    known = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not isinstance(known, list) or not all(_is_token(token) for token in known):
        return None
    pieces = [
        bytes(token["bytes"]) if token.get("bytes") is not None else token["token"].encode(errors="replace")
        for token in known
    ]

    def decode(count: int) -> str:
        return b"".join(pieces[:count]).decode("utf-8", "replace")

    found = verdict_logprob(decode, [token["logprob"] for token in known], decode(len(pieces)))
    return found if found is not None and math.isfinite(found) else None


def _is_token(token: Any) -> bool:
    """Whether it has a log-probability, and bytes or text that they can be made of."""
    if not isinstance(token, dict):
        return False
    given, text = token.get("bytes"), token.get("token")
    logprob: Any = token.get("logprob")
    if type(logprob) not in (int, float) or not -_LEAST <= logprob <= 0:
        return False
    if given is None:
        return isinstance(text, str)
    return isinstance(given, list) and all(type(byte) is int and 0 <= byte < 256 for byte in given)
