"""What is written with a shared prefix is what `generate` of transformers writes."""

import pytest
import torch
from transformers import GenerationConfig, PreTrainedModel

from rl.shared_prefix.attention import prepare
from rl.shared_prefix.cache import BranchCache
from rl.shared_prefix.generate import can_generate, generate
from rl.shared_prefix.prompt import Prompt, media_of
from rl.shared_prefix.stem import Stem, stem_of
from tests.rl.shared_prefix.families import EOS, FAMILIES, IMAGE

NEW = 90
"""More than there is room for at first."""


def settings(**changed) -> GenerationConfig:
    return GenerationConfig(
        **{
            "max_new_tokens": NEW,
            "do_sample": False,
            "eos_token_id": EOS,
            "pad_token_id": 0,
            "suppress_tokens": [IMAGE],
        }
        | changed
    )


def alone(model: PreTrainedModel, prompt: Prompt, config: GenerationConfig) -> list[int]:
    """By transformers, in a batch of one."""
    ids = prompt.ids[None]
    written = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        generation_config=config,
        **media_of([prompt], in_one_row=True),
        **prompt.types,
    )
    return written[0, ids.shape[1] :].tolist()


def texts(
    model: PreTrainedModel, prompts: list[Prompt], config: GenerationConfig, stem: Stem | None = None
) -> list[list[int]]:
    return [written.ids for written in generate(model, prompts, config, stem)]


@pytest.mark.parametrize("name", FAMILIES)
def test_greedy_decoding_is_token_for_token_that_of_transformers(name: str):
    family = FAMILIES[name]
    model = family.model()
    prompts = [family.prompt(9, 1, 1), family.prompt(14, 3, 2), family.prompt(8, 0, 3), family.prompt(11, 1, 4)]
    config = settings(repetition_penalty=1.3, eos_token_id=list(range(40, EOS + 1)))  # some rows end, at several steps
    expected = [alone(model, prompt, config) for prompt in prompts]
    prepare(model)
    rows = [0, 0, 1, 2, 2, 2, 3, 0]  # and one comes again
    assert texts(model, [prompts[row] for row in rows], config) == [expected[row] for row in rows]


@pytest.mark.parametrize("name", ["qwen2_5_vl", "gemma3", "llama"])
def test_more_tokens_than_there_was_room_for(name: str):
    family = FAMILIES[name]
    model = family.model()
    prompts, config = (
        [family.prompt(9, 1, 1), family.prompt(14, 3, 2)],
        settings(eos_token_id=1, suppress_tokens=[IMAGE, 1], repetition_penalty=1.2),
    )
    expected = [alone(model, prompt, config) for prompt in prompts]
    assert all(len(row) == NEW for row in expected)
    prepare(model)
    assert texts(model, [prompts[0], prompts[0], prompts[1]], config) == [expected[0], *expected]


@pytest.mark.parametrize("stemmed", [False, True])
@pytest.mark.parametrize("name", FAMILIES)
def test_going_on_behind_what_is_written(name: str, stemmed: bool):
    """Rows on one prompt, each with earlier turns and tools' pictures of its own, some with none."""
    family = FAMILIES[name]
    model, text = family.model(), family.prompt(40, 0, 9)
    prompts = [Prompt.joined([text, family.prompt(9, pictures, pictures + 1)]) for pictures in (1, 2, 0)]
    begun = [Prompt.joined([family.prompt(4, 0, seed), family.prompt(5 + seed, seed % 3, seed)]) for seed in range(5)]
    config = settings(repetition_penalty=1.3, eos_token_id=list(range(40, EOS + 1)), max_new_tokens=24)
    rows = [0, 0, 1, 2, 2]
    expected = [alone(model, Prompt.joined([prompts[row], own]), config) for row, own in zip(rows, begun, strict=True)]
    assert len({len(written) for written in expected}) > 1
    prepare(model)
    stem = stem_of(model, prompts) if stemmed else None
    assert (stem is not None) is stemmed
    written = generate(model, [prompts[row] for row in rows], config, stem, begun)
    assert [row.ids for row in written] == expected


def test_rows_that_have_ended_leave(monkeypatch: pytest.MonkeyPatch):
    family = FAMILIES["qwen3"]
    model, left, keep = family.model(), [], BranchCache.keep

    def spied(self: BranchCache, rows: torch.Tensor) -> None:
        left.append(len(rows))
        keep(self, rows)

    monkeypatch.setattr(BranchCache, "keep", spied)
    prepare(model)
    torch.manual_seed(0)
    config = settings(do_sample=True, eos_token_id=list(range(30, EOS + 1)), max_new_tokens=12)
    written = texts(model, [family.prompt(9, 0, seed) for seed in range(4) for _ in range(8)], config)
    assert len(left) > 2 and left == sorted(left, reverse=True) and left[-1] < 8
    assert len({len(row) for row in written}) > 3
    assert all(token < 30 for row in written for token in row[:-1])


def test_samples_have_the_model_s_distribution():
    """χ² over the likeliest tokens of the second step, where a row reads its own first token as well as the prompt."""
    family = FAMILIES["qwen2_5_vl"]
    model, prompt = family.model(), family.prompt(9, 1, 1)
    config = settings(
        do_sample=True, temperature=3.0, top_k=0, max_new_tokens=2, eos_token_id=1, suppress_tokens=[IMAGE, 1]
    )

    def probabilities(ids: torch.Tensor) -> torch.Tensor:
        types = torch.cat(
            [prompt.types["mm_token_type_ids"], torch.zeros(1, len(ids) - len(prompt.ids), dtype=torch.long)], 1
        )
        media = media_of([prompt], in_one_row=True)
        logits = model(input_ids=ids[None], mm_token_type_ids=types, **media).logits[0, -1]
        logits[[IMAGE, 1]] = -torch.inf
        return (logits / 3.0).softmax(dim=-1)

    first = probabilities(prompt.ids).argmax()
    expected = probabilities(torch.cat([prompt.ids, first[None]]))
    prepare(model)
    torch.manual_seed(0)
    written = torch.tensor(texts(model, [prompt] * 20_000, config))
    drawn = written[written[:, 0] == first, 1]
    assert len(drawn) > 1000
    top = expected.topk(6)
    observed = torch.stack(
        [(drawn == token).sum() for token in top.indices] + [(~torch.isin(drawn, top.indices)).sum()]
    )
    wanted = torch.cat([top.values, 1 - top.values.sum(0, keepdim=True)]) * len(drawn)
    assert ((observed - wanted) ** 2 / wanted).sum() < 22.5  # 6 degrees of freedom, p = .001


def test_what_is_left_to_transformers():
    assert can_generate(settings())
    assert not can_generate(settings(num_beams=2))
    assert not can_generate(settings(stop_strings=["end"]))
    assert not can_generate(GenerationConfig(max_length=9))
