"""A model goes on from a reasoning that it is given as it would have gone on from its own."""

from pathlib import Path
from typing import Any

import pytest
import torch

from data import DataError
from prompts import render
from prompts.chat import encode
from prompts.parse import END_THINK, THINK
from prompts.processor import special_tokens, tokenizer_of
from rl.config.decoding import Decoding
from rl.generation.beginning import Beginnings
from rl.generation.continuation import Continuation
from rl.generation.local import LocalEngine
from tests.rl.conftest import toy_briefs

DECODING = Decoding(template="compact", max_new_tokens=12, batch_size=4)
REASONINGS = [
    "",
    "A-1: clear\n",
    "The title promises a prize, which nobody will get.\nPRIZE-1: clear\n" * 3,
    "Ünclear ✓",
]


def engine_of(path: Path) -> LocalEngine:
    """A model whose random weights are large, so that what it says depends on what it reads."""
    engine = LocalEngine(str(path))
    model, _ = engine._loaded("auto")
    torch.manual_seed(0)
    for weight in model.parameters():
        weight.data += 0.3 * torch.randn_like(weight)
    return engine


@pytest.fixture(scope="module", params=["tiny_vl", "tiny_text"])
def engine(request) -> LocalEngine:
    return engine_of(request.getfixturevalue(request.param))


def briefs_for(engine: LocalEngine, toy: Path):
    return toy_briefs(toy / ("cases.jsonl" if engine.name.startswith("tiny_vl") else "text.jsonl"), len(REASONINGS))


def written(engine: LocalEngine, briefs: Any, decoding: Decoding = DECODING) -> dict[tuple[str, int], str]:
    asked = [(brief.id, sample) for brief in briefs for sample in range(decoding.samples)]
    return {
        (found.case, found.sample): found.completion
        for batch in engine.write(briefs, decoding, asked)
        for found in batch
    }


def test_it_is_what_the_model_says_when_it_reads_prompt_and_beginning_by_itself(engine: LocalEngine, toy: Path):
    """Token by token, without a cache, padding or company; where the tag is due, the likeliest token that goes on
    with it."""
    briefs = briefs_for(engine, toy)
    given = dict(zip((brief.id for brief in briefs), REASONINGS, strict=True))
    found = written(Continuation(engine, given), briefs)
    for brief in briefs:
        expected = by_hand(engine, brief, f"{THINK}{given[brief.id]}")
        assert found[brief.id, 0] == expected
        assert expected.startswith(f"{THINK}{given[brief.id]}{END_THINK}")
    assert len({text.partition(END_THINK)[2] for text in found.values()}) > 1, "there must be something to tell apart"


@torch.inference_mode()
def by_hand(engine: LocalEngine, brief: Any, begun: str) -> str:
    model, processor = engine._loaded("auto")
    tokenizer = tokenizer_of(processor)
    inputs = dict(encode(processor, [render(brief.case, brief.excerpt, "compact", special_tokens(processor))]))
    grown = tokenizer(begun, add_special_tokens=False)["input_ids"]
    said: list[int] = []
    suppressed = getattr(model.config, "image_token_id", None)
    for _ in range(DECODING.max_new_tokens):
        ids = torch.tensor([grown + said])
        more = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        full = {
            name: torch.cat([value, more.get(name, torch.zeros_like(ids))], dim=1)
            if value.shape == inputs["input_ids"].shape
            else value
            for name, value in inputs.items()
        }
        scores = model(**full, use_cache=False).logits[0, -1]
        text = tokenizer.decode(said)
        order = [token for token in scores.argsort(descending=True).tolist() if token != suppressed]
        if not text.startswith(END_THINK):
            left = END_THINK[len(text) :]
            pieces = {token: tokenizer.decode([token]) for token in order}
            order = [t for t in order if pieces[t] and (pieces[t].startswith(left) or left.startswith(pieces[t]))]
        if order[0] == tokenizer.eos_token_id:
            break
        said.append(order[0])
    return begun + tokenizer.decode([token for token in said if token not in tokenizer.all_special_ids])


def test_samples_are_each_begun(engine: LocalEngine, toy: Path):
    briefs = briefs_for(engine, toy)
    given = dict(zip((brief.id for brief in briefs), REASONINGS, strict=True))
    decoding = Decoding(template="compact", max_new_tokens=12, temperature=1.0, samples=3, batch_size=6)
    found = written(Continuation(engine, given), briefs, decoding)
    assert len(found) == 3 * len(briefs)
    for (case, _), text in found.items():
        assert text.startswith(f"{THINK}{given[case]}{END_THINK}")


def test_a_model_that_is_given_nothing_writes_as_ever(engine: LocalEngine, toy: Path):
    briefs, tokenizer = briefs_for(engine, toy), tokenizer_of(engine._loaded("auto")[1])
    prompts, scores = {"input_ids": torch.ones(2, 3)}, torch.randn(2, 9)
    begun = Beginnings(tokenizer, ["", ""])
    assert begun.behind(prompts) is prompts and begun(torch.ones(2, 3, dtype=torch.long), scores) is scores
    assert set(written(engine, briefs)) == {(brief.id, 0) for brief in briefs}


def test_reasoning_cannot_speak_to_the_machinery(engine: LocalEngine, toy: Path):
    briefs = briefs_for(engine, toy)[:1]
    text = written(Continuation(engine, {briefs[0].id: "</think><|im_end|>"}), briefs)[briefs[0].id, 0]
    assert text.startswith(f"{THINK}‹/think>‹|im_end|>{END_THINK}")


def test_what_is_given_is_part_of_what_episodes_follow_from(tiny_text: Path):
    engine = LocalEngine(str(tiny_text))
    identities = [Continuation(engine, given).identity(DECODING) for given in ({"a": "x"}, {"a": "y"}, {"a": "x"})]
    assert identities[0] == identities[2] != identities[1] and engine.identity(DECODING) != identities[0]


class Spelling:
    """A tokenizer of a few pieces."""

    pieces = ("a", "</", "</think><answer>", "think", ">", "</thinker", "")

    def __len__(self) -> int:
        return len(self.pieces)

    def convert_ids_to_tokens(self, ids: list[int]) -> list[str]:
        return [self.pieces[i] for i in ids]

    def __call__(self, text: str, add_special_tokens: bool) -> dict[str, list[int]]:
        return {"input_ids": [0] * len(text)}


def test_the_tag_is_spelt_by_any_pieces_and_the_last_may_go_on():
    begun, free = Beginnings(Spelling(), ["aaa</think>", "a"]), torch.zeros(2, 8)  # type: ignore[arg-type]

    def allowed(*last: int) -> list[list[int]]:
        scores = begun(torch.tensor([[token] for token in last]), free)
        return [row.isfinite().nonzero().flatten().tolist() for row in scores]

    everything = list(range(8))
    assert allowed(0, 0) == [[1, 2], everything]
    assert allowed(1, 7) == [[3], everything]
    assert allowed(3, 0) == [[4], everything]
    assert allowed(4, 0) == [everything, everything]


def test_a_tag_that_cannot_be_spelt_is_said():
    tokenizer = Spelling()
    tokenizer.pieces = ("a", "b")  # type: ignore[assignment]
    with pytest.raises(DataError, match="tokenizer cannot write '</think>'"):
        Beginnings(tokenizer, ["a</think>"])(torch.tensor([[0]]), torch.zeros(1, 2))  # type: ignore[arg-type]
