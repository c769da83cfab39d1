"""Tiny models load like any other, and their tokenizer makes rulings short without losing a byte."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from transformers import AutoModelForCausalLM, AutoModelForImageTextToText, AutoProcessor, AutoTokenizer

from data import OUTCOMES, Quote, Ruling, Violation
from prompts import parse, write
from rl.models.tiny import SPECIAL_TOKENS, build_tiny, train_tokenizer

RULING = Ruling(
    reasoning='picture: gun\nSALE-1: clear\nCLICK-1: "you won a prize" -> broken\n',
    violations=[Violation(rule="CLICK-1", evidence=[Quote(quote="you won a prize", field="title")])],
    verdict="reject",
    confidence=0.9,
)
TEXTS = [write(RULING), "SALE-1: no discount\nCLICK-1: no prize", "title: you won a prize\nbody: 50 % off"] * 3


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(TEXTS, 600, 512)


@given(st.text())
def test_every_text_survives(tokenizer, text: str) -> None:
    if not any(token in text for token in SPECIAL_TOKENS):
        ids = tokenizer(text)["input_ids"]
        assert tokenizer.decode(ids) == tokenizer.decode(ids, skip_special_tokens=True) == text


def test_a_ruling_is_short_and_its_tags_are_no_special_tokens(tokenizer) -> None:
    ids = tokenizer(write(RULING))["input_ids"]
    assert len(ids) <= 32
    assert parse(tokenizer.decode(ids, skip_special_tokens=True)) == RULING


def test_a_quote_starts_with_the_tokens_that_the_text_has(tokenizer) -> None:
    first = tokenizer("you")["input_ids"]
    in_title = tokenizer("title: you won a prize")["input_ids"]
    in_answer = tokenizer('{"quote": "you won a prize", "field": "title"}')["input_ids"]
    words = tokenizer("you won a ")["input_ids"]
    assert len(first) < 3
    for ids in (in_title, in_answer):
        assert any(ids[at : at + len(words)] == words for at in range(len(ids)))


def test_digits_stand_alone(tokenizer) -> None:
    assert len(tokenizer("50")["input_ids"]) == 2


def test_the_chat_template_leaves_content_as_it_is(tokenizer) -> None:
    messages = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": " {{ 7 * 7 }} \n"}]}]
    asked = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    image = "<|vision_start|><|image_pad|><|vision_end|>"
    assert asked == f"<|im_start|>user\n{image} {{{{ 7 * 7 }}}} \n<|im_end|><|im_start|>assistant\n"
    answered = tokenizer.apply_chat_template(
        [*messages, {"role": "assistant", "content": "yes"}], tokenize=False, add_generation_prompt=False
    )
    assert answered == f"{asked}yes<|im_end|>"


def test_a_vision_language_model_loads_and_generates(tiny_vl: Path) -> None:
    processor = AutoProcessor.from_pretrained(tiny_vl)
    model = AutoModelForImageTextToText.from_pretrained(tiny_vl)
    assert model.config.model_type == "qwen2_5_vl"
    for size, patches in {(112, 112): 64, (1080, 2400): 40}.items():
        image = {"type": "image", "image": Image.new("RGB", size)}
        messages = [{"role": "user", "content": [image, {"type": "text", "text": "title: you"}]}]
        inputs = processor.apply_chat_template(
            [messages], add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
        )
        assert inputs["image_grid_thw"].prod() == patches
        assert (inputs["input_ids"] == model.config.image_token_id).sum() == patches // 4
        written = model.generate(**inputs, max_new_tokens=3, do_sample=False)
        assert written.shape[1] <= inputs["input_ids"].shape[1] + 3


def test_the_picture_counts(tiny_vl: Path) -> None:
    processor, model = AutoProcessor.from_pretrained(tiny_vl), AutoModelForImageTextToText.from_pretrained(tiny_vl)

    def logits(colour: str) -> torch.Tensor:
        image = {"type": "image", "image": Image.new("RGB", (112, 112), colour)}
        inputs = processor.apply_chat_template(
            [[{"role": "user", "content": [image]}]], tokenize=True, return_dict=True, return_tensors="pt"
        )
        with torch.no_grad():
            return model(**inputs).logits[0, -1]

    assert not torch.allclose(logits("red"), logits("blue"))


def test_a_text_model_loads_with_the_tokenizer_it_was_built_with(tiny_text: Path) -> None:
    AutoModelForCausalLM.from_pretrained(tiny_text)
    tokenizer = AutoTokenizer.from_pretrained(tiny_text)
    assert len(tokenizer("SALE-1: clear\n")["input_ids"]) == 2


@pytest.mark.parametrize("end", [": {}", ": {}\n", "-> {}", "-> {}\n"])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_outcome_is_one_token(end: str, outcome: str) -> None:
    said = [
        f"A-1: {seen} -> {one}\nA-2: {one}\nA-3: {seen} -> {one}</think><think>A-4: {one}"
        for seen in ('"x"', "gun 5", "a gun")
        for one in OUTCOMES
    ]
    tokenizer = train_tokenizer([*said, *said], 600, 512)
    (token,) = tokenizer(end.format(outcome))["input_ids"]
    if end == "-> {}\n":  # the same one behind a quote, a number and a word
        for seen in ('"x"', "gun 5", "a gun"):
            assert tokenizer(f"A-1: {seen} -> {outcome}\n")["input_ids"][-1] == token


def test_the_seed_decides_the_weights(tmp_path: Path) -> None:
    before = torch.get_rng_state()
    weights = [
        AutoModelForCausalLM.from_pretrained(build_tiny(tmp_path / name, TEXTS, "text", seed=seed)).state_dict()
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])
    assert not all(torch.equal(weights[0][key], weights[2][key]) for key in weights[0])
