"""What is read of what a policy wrote, turn by turn."""

import pytest

from prompts import Episode, ParseFailure, Turn, parse

RULING = '<think>CURE-1: no.</think><answer>{"violations": [], "verdict": "approve", "confidence": 0.9}</answer>'
PAGE = Turn("CURE-1: No cures.", author="tool", tokens=500)


def test_the_plain_case_is_one_turn_of_the_policy() -> None:
    plain = Episode.plain("b-17", RULING, sample=3)
    assert plain == Episode("b-17", (Turn(RULING, "policy"),), 3)
    assert (plain.completion, plain.tokens, plain.verdict_logprob) == (RULING, None, None)
    assert Episode.plain("b-17", "").completion == "" and Episode.plain("b-17", "").sample == 0


def test_the_last_turn_is_read() -> None:
    assert Episode("b-17", (Turn("Let me look."), PAGE, Turn(RULING))).completion == RULING
    assert Episode("b-17", (Turn(RULING), PAGE, Turn("I am not sure."))).completion == "I am not sure."
    assert Episode("b-17", (Turn("Let me look."), Turn(RULING))).completion == RULING


@pytest.mark.parametrize("turns", [(Turn(RULING, author="tool"),), (Turn(RULING), PAGE), (PAGE, PAGE)])
def test_what_a_tool_says_is_no_ruling(turns: tuple[Turn, ...]) -> None:
    assert Episode("b-17", turns).completion == ""
    assert isinstance(parse(Episode("b-17", turns).completion), ParseFailure)


@pytest.mark.parametrize(
    ("turns", "tokens"),
    [
        ((Turn("a", tokens=7), PAGE, Turn("b", tokens=5)), 12),
        ((Turn("a", tokens=7), Turn("b", author="tool"), Turn("b", tokens=5)), 12),
        ((Turn("a", tokens=7), PAGE), 7),
        ((Turn("", tokens=0),), 0),
        ((PAGE,), 0),
        ((Turn("a"), PAGE, Turn("b", tokens=5)), None),
        ((Turn("a", tokens=7), Turn("b")), None),
    ],
)
def test_tokens_are_those_that_the_policy_wrote(turns: tuple[Turn, ...], tokens: int | None) -> None:
    assert Episode("b-17", turns).tokens == tokens
