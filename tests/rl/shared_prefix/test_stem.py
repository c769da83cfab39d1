"""What prompts begin with is read once for all, and what is written on them stays the same."""

import pytest
import torch
from transformers import PreTrainedModel

from rl.shared_prefix.attention import prepare
from rl.shared_prefix.check import distance
from rl.shared_prefix.generate import generate
from rl.shared_prefix.prompt import Prompt
from rl.shared_prefix.stem import Stem, stem_of
from tests.rl.shared_prefix.families import EOS, FAMILIES, IMAGE
from tests.rl.shared_prefix.test_generate import alone, settings

COMMON = torch.randint(4, EOS, (40,), generator=torch.Generator().manual_seed(7))


def behind(prompt: Prompt, common: torch.Tensor = COMMON) -> Prompt:
    """A prompt with a text before it."""
    types = {name: torch.cat([value.new_zeros(1, len(common)), value], dim=1) for name, value in prompt.types.items()}
    return Prompt(torch.cat([common, prompt.ids]), {**prompt.media, **types})


def prompts_of(name: str) -> list[Prompt]:
    """Some with pictures, one with none; one is a single token behind what all have in common."""
    family = FAMILIES[name]
    return [behind(family.prompt(size, pictures, size)) for size, pictures in ((9, 1), (14, 3), (1, 0), (11, 1))]


def prepared(name: str) -> PreTrainedModel:
    model = FAMILIES[name].model()
    prepare(model)
    return model


@pytest.mark.parametrize("name", FAMILIES)
def test_greedy_decoding_is_token_for_token_that_of_transformers(name: str):
    model, prompts = FAMILIES[name].model(), prompts_of(name)
    config = settings(repetition_penalty=1.3, eos_token_id=list(range(40, EOS + 1)), max_new_tokens=40)
    expected = [alone(model, prompt, config) for prompt in prompts]
    assert len({len(row) for row in expected}) > 1, "rows end at several steps"
    prepare(model)
    stem = stem_of(model, prompts)
    assert stem is not None and stem.length == len(COMMON) - 1
    rows = [0, 0, 1, 2, 2, 2, 3]
    written = generate(model, [prompts[row] for row in rows], config, stem)
    assert [row.ids for row in written] == [expected[row] for row in rows]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_stem_changes_no_log_probability(name: str):
    model, prompts = prepared(name), prompts_of(name)
    config = settings(max_new_tokens=6)
    stem = stem_of(model, prompts)
    with_stem, without = generate(model, prompts, config, stem), generate(model, prompts, config)
    for ours, theirs in zip(with_stem, without, strict=True):
        assert ours.ids == theirs.ids and len(ours.logprobs) == len(ours.ids)
        assert ours.logprobs == pytest.approx(theirs.logprobs, abs=1e-5)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_comparison_before_use_tells_right_from_wrong(name: str, monkeypatch: pytest.MonkeyPatch):
    model, (prompt, *_) = prepared(name), prompts_of(name)
    stem = stem_of(model, prompts_of(name))
    assert stem is not None and distance(model, prompt, stem) < 1e-5
    assert distance(model, prompt, None) < 1e-5
    other = Stem(stem.ids, {layer: (-keys, values) for layer, (keys, values) in stem.states.items()})
    assert distance(model, prompt, other) > 1e-3


def test_a_stem_is_taken_again_as_far_as_prompts_begin_with_it(monkeypatch: pytest.MonkeyPatch):
    model, reads, read = prepared("qwen3"), [], Stem.read.__func__  # type: ignore[attr-defined]

    def spied(cls: type[Stem], model: PreTrainedModel, prompt: Prompt, length: int) -> Stem:
        reads.append(length)
        return read(cls, model, prompt, length)

    monkeypatch.setattr(Stem, "read", classmethod(spied))

    def drawn(size: int, seed: int) -> torch.Tensor:
        return torch.randint(4, EOS, (size,), generator=torch.Generator().manual_seed(seed))

    def on(common: torch.Tensor) -> list[Prompt]:
        return [behind(FAMILIES["qwen3"].prompt(5, 0, seed), common) for seed in (1, 2)]

    longer = torch.cat([COMMON, drawn(6, 1)])
    first = stem_of(model, on(longer))
    assert first is not None and reads == [first.length]
    again = stem_of(model, on(COMMON), first)
    assert again is not None and again.length < first.length and reads == [first.length]
    torch.testing.assert_close(again.states[0], tuple(part[:, : again.length] for part in first.states[0]))
    assert torch.equal(again.ids, COMMON[: again.length])
    config, prompts = settings(max_new_tokens=6), on(COMMON)
    taken, anew = (generate(model, prompts, config, stem) for stem in (again, stem_of(model, prompts)))
    assert [row.ids for row in taken] == [row.ids for row in anew]
    for one, other in zip(taken, anew, strict=True):  # a sum over a part of what was read before is rounded otherwise
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-5)
    reads.clear()
    for other in (drawn(40, 2), torch.cat([COMMON, drawn(60, 3)])):  # nothing of it, and too little
        found = stem_of(model, on(other), again)
        assert found is not None and reads.pop() == found.length >= len(other) - 1
    assert stem_of(model, on(COMMON[:20])) is None


def test_a_stem_ends_before_the_first_picture():
    """Two prompts with equal tokens up to behind their pictures, which are not equal."""
    model, family = prepared("qwen2_5_vl"), FAMILIES["qwen2_5_vl"]
    prompts = [behind(family.prompt(9, 1, seed)) for seed in (1, 2)]
    same = prompts[0].ids
    prompts = [Prompt(same, prompt.media) for prompt in prompts]
    stem = stem_of(model, prompts)
    assert stem is not None and IMAGE not in stem.ids
    assert stem.length == int((same == IMAGE).nonzero()[0]) - 1
