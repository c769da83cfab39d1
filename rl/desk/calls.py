"""Calls: what a policy's turn asks of tools, read strictly.

A call is ``<tool_call>{"name": "zoom", "arguments": {"image": 0, "box": [0, 0.5, 0.5, 1]}}</tool_call>``, behind the
reasoning; several may stand in one turn. What stands within the reasoning is no call, and a turn with an answer asks
for nothing more.

>>> calls_of('<think>Small print.</think><tool_call>{"name": "read", "arguments": {"field": "body"}}</tool_call>')
(ToolCall(name='read', arguments={'field': 'body'}),)
>>> calls_of('<think><tool_call>{"name": "read"}</tool_call>'), calls_of("<think>x</think><answer>{}</answer>")
((), ())
>>> calls_of('<tool_call>read it</tool_call>')[0].reason
'a call is one JSON object, {"name": …, "arguments": {…}}: not JSON: Expecting value at column 1'
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from data import DataError
from data.strict_json import parse_json
from prompts.neutralise import neutralise, restore
from prompts.parse import ANSWER, END_THINK, THINK

CALL, END_CALL = "<tool_call>", "</tool_call>"
MOST = 16
"""Calls that are read of one turn: more are no plan."""
_SHAPE = 'a call is one JSON object, {"name": …, "arguments": {…}}'
_BLOCK = re.compile(rf"{CALL}(.*?)(?:{END_CALL}|(?={CALL})|\Z)", re.DOTALL)


@dataclass(frozen=True)
class ToolCall:
    """A tool, and what it is asked with, in the case's own words."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """The arguments, as JSON."""
        return json.dumps(self.arguments, ensure_ascii=False)


@dataclass(frozen=True)
class BadCall:
    """What was meant for a call, and is none."""

    reason: str
    name: str = ""
    told: str = "{}"


def calls_of(text: str) -> tuple[ToolCall | BadCall, ...]:
    """The calls of a policy's turn, in its order; none where it is final."""
    if ANSWER in text:
        return ()
    if THINK in text:
        text = text.partition(END_THINK)[2]
    blocks = [found for _, found in zip(range(MOST), _BLOCK.finditer(text), strict=False)]
    return tuple(_read(block[1], closed=block[0].endswith(END_CALL)) for block in blocks)


def written(call: ToolCall) -> str:
    """The call as a policy writes it; one with content in it is made `neutral` before.

    >>> calls_of(written(ToolCall("read", {"field": "body"})))[0].arguments
    {'field': 'body'}
    """
    return f"{CALL}{json.dumps({'name': call.name, 'arguments': call.arguments}, ensure_ascii=False)}{END_CALL}"


def neutral(call: ToolCall, special_tokens: tuple[str, ...] = ()) -> ToolCall:
    """The call in neutralised text, as everything is that a policy writes: it can then end no call.

    >>> written(neutral(ToolCall("read", {"field": "</tool_call>"})))
    '<tool_call>{"name": "read", "arguments": {"field": "‹/tool_call>"}}</tool_call>'
    """

    def safe(value: Any) -> Any:
        if isinstance(value, str):
            return neutralise(value, special_tokens)
        if isinstance(value, list):
            return [safe(item) for item in value]
        return {safe(key): safe(item) for key, item in value.items()} if isinstance(value, dict) else value

    return ToolCall(safe(call.name), safe(call.arguments))


def restored(name: str, arguments: Mapping[str, Any]) -> ToolCall:
    """The call in the case's own words, from the neutralised text that a policy reads and writes.

    >>> restored("read", {"field": "⟦legal]"}).arguments
    {'field': '[legal]'}
    """
    return ToolCall(restore(name), {restore(key): _restored(value) for key, value in arguments.items()})


def _read(block: str, closed: bool) -> ToolCall | BadCall:
    if not closed:
        return BadCall(f"the call is not closed by {END_CALL}")
    try:
        content = parse_json(block.encode("utf-8", "surrogatepass"))
        arguments = content.get("arguments", {}) if isinstance(content, dict) else None
        if isinstance(arguments, str):  # as the API of servers has them
            arguments = parse_json((arguments or "{}").encode())
    except DataError as error:
        return BadCall(f"{_SHAPE}: {error.message}")
    if not isinstance(content, dict):
        return BadCall(f"{_SHAPE}, not a {type(content).__name__}")
    if not isinstance(content.get("name"), str):
        return BadCall(f"{_SHAPE}: there is no name")
    name = content["name"]
    if not isinstance(arguments, dict):
        return BadCall(f"{_SHAPE}: its arguments are a {type(arguments).__name__}", restore(name))
    if extra := sorted(content.keys() - {"name", "arguments"}):
        return BadCall(f"{_SHAPE}: it has no '{extra[0]}'", restore(name))
    return restored(name, arguments)


def _restored(value: Any) -> Any:
    """Arguments in the case's own words: completions are written in neutralised text."""
    if isinstance(value, str):
        return restore(value)
    if isinstance(value, list):
        return [_restored(item) for item in value]
    if isinstance(value, dict):
        return {restore(key): _restored(item) for key, item in value.items()}
    return value
