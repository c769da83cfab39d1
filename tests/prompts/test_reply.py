"""A lesson is what the model is to write behind the generation prompt, whatever the chat template makes of turns."""

import pytest

from data import Ruling
from prompts import Message, parse, write
from prompts.parts import Text
from prompts.reply import Reply
from tests.chat_templates import OPENS, PLAIN, TURN, shipped
from tests.prompts.test_opening import speaking

RULING = Ruling(reasoning='A-1: clear\nB-2: "a" -> broken\n', verdict="approve", confidence=0.5)
ASKED = [Message("system", (Text("Judge."),)), Message("user", (Text("An ad."),))]


def kept(template: str) -> None:
    processor = speaking(template)
    reply = Reply.of(processor)
    shown = reply.shown(write(RULING), ASKED, processor)
    prompt = processor.apply_chat_template(
        [message.for_tokenizer() for message in ASKED], tokenize=False, add_generation_prompt=True
    )
    turn = reply.message(write(RULING)).for_tokenizer()
    whole = processor.apply_chat_template([*(message.for_tokenizer() for message in ASKED), turn], tokenize=False)
    assert prompt + shown == whole
    assert prompt.endswith(reply.opening)
    found = parse(reply.opening + shown.partition("<|im_end|>")[0])
    assert isinstance(found, Ruling), found
    found.reasoning = f"{found.reasoning.strip()}\n"
    assert found == RULING


@pytest.mark.parametrize("template", [PLAIN + TURN + "{% endif %}", OPENS, OPENS.replace("<think>\n", "<think>")])
def test_prompt_and_lesson_are_what_is_written_in_the_end(template: str) -> None:
    kept(template)


@pytest.mark.parametrize(
    "name",
    ["qwen2_5", "qwen3", "qwen3_vl", "qwen3_5_think", "qwen3_6", "qwen3_8", "nemotron_3_nano", "nemotron_3_ultra"],
)
def test_real_templates(name: str) -> None:
    kept(shipped(name))


def test_reasoning_goes_into_its_own_field_only_where_the_template_wants_it_so() -> None:
    assert Reply.of(speaking(shipped("qwen3_8"))) == Reply("<think>\n", apart=True)
    assert Reply.of(speaking(shipped("qwen3_6"))) == Reply("<think>\n")
