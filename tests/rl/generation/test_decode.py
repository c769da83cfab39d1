"""The one decoder: a turn ends where it ends, keeps our tags and no other special token, and knows its tokens."""

from pathlib import Path

import pytest

from data import Ruling
from prompts import Turn, write
from rl.config.model import ModelConfig
from rl.generation.decode import completion_text, end_of_turn_ids, turn_of, verdict_logprob_of
from rl.generation.logprobs import verdict_span
from rl.models.load import load_model, load_processor, tokenizer_of

SAID = "<think>a</think><|im_start|><answer>{}</answer><|im_end|>more"
TEXT = "<think>a</think><answer>{}</answer>"


@pytest.fixture
def tokenizer(tiny_text: Path):
    return tokenizer_of(load_processor(tiny_text))


def ids_of(tokenizer, text: str) -> list[int]:
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def test_a_completion_ends_at_its_turn_and_keeps_our_tags_only(tokenizer):
    assert completion_text(tokenizer, ids_of(tokenizer, SAID), [tokenizer.eos_token_id]) == TEXT
    tokenizer.add_special_tokens({"additional_special_tokens": ["<think>", "</think>", "<answer>"]})
    ids = ids_of(tokenizer, SAID)
    assert tokenizer.convert_tokens_to_ids("<think>") in ids
    assert completion_text(tokenizer, ids, [tokenizer.eos_token_id]) == TEXT


def test_a_turn_knows_the_tokens_before_its_end(tokenizer):
    ids, end = ids_of(tokenizer, SAID), tokenizer.eos_token_id
    stop = ids.index(end)
    logprobs = [-0.5 * place for place in range(len(ids))]
    expected = Turn(TEXT, tokens=stop, token_ids=tuple(ids[:stop]), logprobs=tuple(logprobs[:stop]))
    assert turn_of(tokenizer, ids, [end], logprobs) == expected
    cut = turn_of(tokenizer, ids[: stop - 1], [end], logprobs[: stop - 2])  # the last token's is not known
    assert (cut.tokens, len(cut.token_ids or ()), len(cut.logprobs or ())) == (stop - 1, stop - 1, stop - 2)
    unknown = turn_of(tokenizer, ids, [end])
    assert (unknown.text, unknown.tokens, unknown.logprobs) == (TEXT, stop, None)
    assert turn_of(tokenizer, [end, *ids], [end]).text == ""


def test_special_tokens_count_for_nothing_in_the_verdicts_probability(tokenizer):
    answer = write(Ruling(reasoning="Fine.", verdict="approve", confidence=0.5))
    ids = ids_of(tokenizer, answer)
    logprobs = [-float(place + 1) for place in range(len(ids))]
    start, end = verdict_span(answer) or (0, 0)
    lengths = [len(tokenizer.decode(ids[:n])) for n in range(len(ids) + 1)]
    expected = sum(logprobs[n] for n in range(len(ids)) if lengths[n] < end and lengths[n + 1] > start)
    plain = turn_of(tokenizer, ids, [], logprobs)
    assert plain.text == answer and verdict_logprob_of(tokenizer, plain) == expected
    special = tokenizer.convert_tokens_to_ids("<|im_start|>")
    beside = turn_of(tokenizer, [special, *ids], [], [-100.0, *logprobs])
    assert beside.text == answer and verdict_logprob_of(tokenizer, beside) == expected


def test_what_the_template_opened_stands_before_the_text_and_counts_for_nothing(tokenizer):
    answer = write(Ruling(reasoning="Fine.", verdict="approve", confidence=0.5))
    ids = ids_of(tokenizer, answer.removeprefix("<think>"))
    logprobs = [-float(place + 1) for place in range(len(ids))]
    turn = turn_of(tokenizer, ids, [], logprobs, "<think>\n")
    assert turn.text == answer.replace("<think>", "<think>\n") and turn.tokens == len(ids)
    unopened = turn_of(tokenizer, ids, [], logprobs)
    known = verdict_logprob_of(tokenizer, turn, "<think>\n")
    assert known is not None and known == verdict_logprob_of(tokenizer, unopened)


def test_without_log_probabilities_or_a_verdict_there_is_no_probability(tokenizer):
    answer = write(Ruling(reasoning="Fine.", verdict="approve", confidence=0.5))
    ids = ids_of(tokenizer, answer)
    assert verdict_logprob_of(tokenizer, turn_of(tokenizer, ids, [])) is None
    assert verdict_logprob_of(tokenizer, Turn(answer)) is None
    words = ids_of(tokenizer, "so it is")
    assert verdict_logprob_of(tokenizer, turn_of(tokenizer, words, [], [-1.0] * len(words))) is None


def test_every_token_ends_a_turn_that_tokenizer_or_checkpoint_names(tiny_text: Path, tokenizer):
    model, own = load_model(ModelConfig(path=str(tiny_text)), trainable=False), tokenizer.eos_token_id
    other = own + 1
    for declared, expected in ((own, [own]), (None, [own]), (other, [own, other]), ([other, own], [other, own])):
        model.generation_config.eos_token_id = declared
        assert end_of_turn_ids(model, tokenizer) == expected
