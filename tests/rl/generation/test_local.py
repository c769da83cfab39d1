from pathlib import Path

import pytest
import torch
from transformers import PreTrainedModel

from data import Case, DataError, Rulebook, load_cases
from prompts import render
from rl.config.model import ModelConfig
from rl.generation.local import completion_text, decoding_settings, encode, generate
from rl.models.load import load_model, load_processor, tokenizer_of


@pytest.fixture(scope="module")
def vl(tiny_vl: Path):
    return talkative(tiny_vl), load_processor(tiny_vl)


@pytest.fixture(scope="module")
def text(tiny_text: Path):
    return talkative(tiny_text), load_processor(tiny_text)


def talkative(path: Path) -> PreTrainedModel:
    """A model whose random weights are large, so that what it says depends on the prompt."""
    model = load_model(ModelConfig(path=str(path)), trainable=False)
    torch.manual_seed(0)
    for weight in model.parameters():
        weight.data += 0.3 * torch.randn_like(weight)
    return model


@pytest.fixture(scope="module")
def mixed(toy: Path) -> list[Case]:
    """Cases of many lengths: some with a picture, some with two, some with none."""
    cases = load_cases(toy / "cases.jsonl")[:9]
    for n, case in enumerate(cases):
        case.images = [case.images, [], case.images * 2][n % 3]
        case.text["body"] *= 1 + n
    return cases


def test_every_case_is_answered_whatever_the_batches(vl, mixed: list[Case], book: Rulebook):
    alone = generate(*vl, mixed, book, template="compact", batch_size=1, max_new_tokens=12, progress=False)
    together = generate(*vl, mixed, book, template="compact", batch_size=4, max_new_tokens=12, progress=False)
    assert [len(samples) for samples in together] == [1] * len(mixed)
    assert together == alone
    assert len({sample for samples in alone for sample in samples}) > 5


def test_a_text_model_is_given_text(text, toy: Path, book: Rulebook):
    cases = load_cases(toy / "text.jsonl")[:5]
    alone = generate(*text, cases, book, template="compact", batch_size=1, max_new_tokens=8, progress=False)
    assert generate(*text, cases, book, template="compact", batch_size=8, max_new_tokens=8, progress=False) == alone


def test_a_text_model_refuses_pictures(text, mixed: list[Case], book: Rulebook):
    with pytest.raises(DataError, match="'toy-0' has pictures, and the model reads text only"):
        generate(*text, mixed[:1], book, template="compact", max_new_tokens=8, progress=False)


def test_greedy_takes_the_likeliest_token_each_time(vl, mixed: list[Case], book: Rulebook):
    model, processor = vl
    case = mixed[0]
    messages = render(case, book.excerpt(case.rules), "compact")
    inputs = encode(processor, [messages])
    prompt, written = inputs["input_ids"], []
    with torch.no_grad():
        for _ in range(6):  # without a cache
            ids = torch.cat([prompt, torch.tensor([written], dtype=torch.long)], dim=1)
            kinds = torch.cat([inputs["mm_token_type_ids"], torch.zeros(1, len(written), dtype=torch.long)], dim=1)
            full = {**inputs, "input_ids": ids, "attention_mask": torch.ones_like(ids), "mm_token_type_ids": kinds}
            written.append(int(model(**full).logits[0, -1].argmax()))
    expected = completion_text(tokenizer_of(processor), written, [])
    assert generate(*vl, [case], book, template="compact", max_new_tokens=6, progress=False) == [[expected]]


def test_samples_follow_from_the_seed_and_leave_the_caller_as_it_was(vl, mixed: list[Case], book: Rulebook):
    model, _ = vl
    model.train()
    torch.manual_seed(5)
    expected_next = torch.rand(1)
    torch.manual_seed(5)

    def draw(seed: int) -> list[list[str]]:
        options = {"template": "compact", "max_new_tokens": 8, "temperature": 1.0, "samples": 3, "batch_size": 6}
        return generate(*vl, mixed[:4], book, seed=seed, progress=False, **options)

    first = draw(1)
    assert torch.rand(1) == expected_next
    assert model.training
    model.eval()
    assert [len(samples) for samples in first] == [3] * 4
    assert draw(1) == first
    assert draw(2) != first
    assert any(len(set(samples)) > 1 for samples in first)


def test_several_samples_of_one_likeliest_answer_are_refused(vl, mixed: list[Case], book: Rulebook):
    with pytest.raises(ValueError, match="samples must be 1"):
        generate(*vl, mixed, book, samples=2)


def test_no_cases_no_completions(vl, book: Rulebook):
    assert generate(*vl, [], book, progress=False) == []


def test_a_prompt_that_leaves_no_room_is_an_error(vl, mixed: list[Case], book: Rulebook):
    with pytest.raises(DataError, match=r"case 'toy-\d+': a prompt of \d+ tokens.*context of 512"):
        generate(*vl, mixed, book, template="compact", max_new_tokens=500, progress=False)


def test_decoding_is_not_taken_over_from_the_checkpoint(vl):
    model, processor = vl
    before = model.generation_config.to_dict()
    model.generation_config.update(repetition_penalty=1.7, temperature=1e-6, top_k=1, do_sample=True)
    try:
        settings = decoding_settings(model, tokenizer_of(processor), max_new_tokens=9, temperature=0.8)
        used, _ = model._prepare_generation_config(settings)
        assert (used.repetition_penalty, used.temperature, used.top_k, used.top_p) == (1.0, 0.8, 0, 1.0)
        assert used.use_cache and used.suppress_tokens == [model.config.image_token_id]
        greedy, _ = model._prepare_generation_config(decoding_settings(model, tokenizer_of(processor), 9))
        assert not greedy.do_sample
    finally:
        model.generation_config.update(**before)


def test_a_completion_ends_at_its_turn_and_keeps_our_tags_only(tiny_text: Path):
    tokenizer = tokenizer_of(load_processor(tiny_text))
    ids = tokenizer("<think>a</think><|im_start|><answer>{}</answer><|im_end|>more", add_special_tokens=False)[
        "input_ids"
    ]
    expected = "<think>a</think><answer>{}</answer>"
    assert completion_text(tokenizer, ids, [tokenizer.eos_token_id]) == expected
    tokenizer.add_special_tokens({"additional_special_tokens": ["<think>", "</think>", "<answer>"]})
    ids = tokenizer("<think>a</think><|im_start|><answer>{}</answer><|im_end|>more", add_special_tokens=False)[
        "input_ids"
    ]
    assert tokenizer.convert_tokens_to_ids("<think>") in ids
    assert completion_text(tokenizer, ids, [tokenizer.eos_token_id]) == expected
