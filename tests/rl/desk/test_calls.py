"""Calls are read strictly, and nothing that content says becomes one."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl.desk.calls import MOST, BadCall, ToolCall, calls_of, neutral, written

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(name=st.text(max_size=20), arguments=st.dictionaries(st.text(max_size=9), JSON, max_size=3))
def test_what_is_written_is_read_again(name: str, arguments: dict[str, Any]) -> None:
    call = ToolCall(name, arguments)
    assert calls_of(f"<think>x</think>{written(neutral(call))}") == (call,)


@settings(deadline=None)
@given(text=st.text(max_size=200) | st.text('<>/_toolca{}":think', max_size=80))
def test_nothing_makes_reading_fail(text: str) -> None:
    assert all(isinstance(call, ToolCall | BadCall) for call in calls_of(text))
    assert calls_of(f"{text}<answer>") == ()


@pytest.mark.parametrize(
    ("block", "why"),
    [
        ("{}", "there is no name"),
        ("[]", "not a list"),
        ('{"name": 3}', "there is no name"),
        ('{"name": "a", "arguments": 3}', "its arguments are a int"),
        ('{"name": "a", "args": {}}', "it has no 'args'"),
        ('{"name": "a", "arguments": {"x": NaN}}', "NaN is not JSON"),
        ("[" * 100_000, "a call is one JSON object"),
    ],
)
def test_what_is_none_says_why(block: str, why: str) -> None:
    (call,) = calls_of(f"<tool_call>{block}</tool_call>")
    assert isinstance(call, BadCall) and why in call.reason


def test_arguments_may_be_text_as_the_api_has_them() -> None:
    block = json.dumps({"name": "read", "arguments": '{"field": "body"}'})
    assert calls_of(f"<tool_call>{block}</tool_call>") == (ToolCall("read", {"field": "body"}),)


def test_a_call_that_is_cut_off_or_repeated_without_end() -> None:
    (call,) = calls_of('<think>x</think><tool_call>{"name": "read"')
    assert isinstance(call, BadCall) and "not closed" in call.reason
    assert len(calls_of('<tool_call>{"name": "a"}</tool_call>' * 1000)) == MOST


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ('{"field": "\\ud800"}', "half of a surrogate pair"),
        ('{"field": ' + "[" * 900 + "]" * 900 + "}", "nested too deeply"),
        ('{"part": ' + "9" * 5000 + "}", "5,000 digits"),
        ('{"field": "a", "field": "b"}', "given twice"),
        ('"{\\"field\\": \\"\\\\ud800\\"}"', "half of a surrogate pair"),
    ],
)
def test_what_could_not_be_written_again_is_no_call(arguments: str, why: str) -> None:
    (call,) = calls_of(f'<tool_call>{{"name": "read", "arguments": {arguments}}}</tool_call>')
    assert isinstance(call, BadCall) and why in call.reason
