"""What a chat template opens is known from the template itself, of real models too."""

import pytest
from transformers import PreTrainedTokenizerFast

from data import DataError
from prompts import opening_of
from prompts.chat import settle
from prompts.opening import rest_of
from tests.chat_templates import ALWAYS_CLOSES, CLOSES, OPENS, PLAIN, TURN, shipped
from tests.prompts.families import QWEN


def speaking(template: str) -> PreTrainedTokenizerFast:
    names = {"bos_token": "<|endoftext|>", "eos_token": "<|im_end|>"}
    return PreTrainedTokenizerFast(tokenizer_object=QWEN.tokenizer, chat_template=template, **names)


@pytest.mark.parametrize(
    ("name", "opening"),
    [
        ("qwen2_5", ""),
        ("qwen3", ""),
        ("llama3", ""),
        ("gptoss", ""),
        ("qwen3_5_think", "<think>\n"),
        ("qwen3_6", "<think>\n"),
        ("qwen3_8", "<think>\n"),
        ("nemotron_3_nano", "<think>\n"),
        ("deepseek_r1_distill", "<think>\n"),
    ],
)
def test_what_real_templates_open(name: str, opening: str) -> None:
    assert opening_of(speaking(shipped(name))) == opening


@pytest.mark.parametrize("opening", ["<think>", "<think>\n", "<think>\nLet us see. "])
def test_an_opening_is_all_that_stands_behind_its_tag(opening: str) -> None:
    assert opening_of(speaking(PLAIN + TURN + opening + "{% endif %}")) == opening
    whole = "<think>A-1: clear</think><answer>{}</answer>"
    assert rest_of(whole, opening) == "A-1: clear</think><answer>{}</answer>"


def test_a_template_that_closes_the_reasoning_is_refused_with_the_variable_to_set() -> None:
    with pytest.raises(DataError, match=r"closes the reasoning .*'<think>\\n\\n</think>\\n\\n'.*'enable_thinking' to"):
        opening_of(speaking(CLOSES))
    assert opening_of(speaking(CLOSES), enable_thinking=True) == ""
    with pytest.raises(DataError, match="give the model another one"):
        opening_of(speaking(ALWAYS_CLOSES))


@pytest.mark.parametrize(("name", "without"), [("qwen3_5_nothink", {}), ("qwen3", {"enable_thinking": False})])
def test_real_templates_that_close_the_reasoning(name: str, without: dict[str, bool]) -> None:
    processor = speaking(shipped(name))
    with pytest.raises(DataError, match="'enable_thinking' to true"):
        opening_of(processor, **without)
    opening_of(processor, enable_thinking=True)


def test_variables_that_a_template_does_not_know_are_left_out() -> None:
    assert opening_of(speaking(OPENS), enable_thinking=False) == "<think>\n"


def test_settled_variables_hold_for_whoever_applies_the_template() -> None:
    processor = speaking(PLAIN + TURN + "{% if a and b == 'it\\'s' and c == 0.5 %}<think>{% endif %}{% endif %}")
    before = processor.apply_chat_template([{"role": "user", "content": "x"}], tokenize=False)
    settle(processor, {"a": True, "b": "it's", "c": 0.5})
    assert opening_of(processor) == "<think>"
    assert processor.apply_chat_template([{"role": "user", "content": "x"}], tokenize=False) == before
    assert opening_of(processor, a=False) == ""
    settle(processor, {"a": False})
    assert opening_of(processor) == ""
    with pytest.raises(DataError, match=r"model\.chat_template_kwargs: .* has no variable 'thinks'"):
        settle(processor, {"thinks": True})
