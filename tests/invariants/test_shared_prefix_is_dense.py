"""A packed row gives the log-probabilities, entropies and gradients that a row for each completion gives."""

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import PreTrainedModel
from trl.trainer.utils import add_fused_lm_head

from rl.shared_prefix.attention import prepare, why_not
from rl.shared_prefix.check import difference
from rl.shared_prefix.forward import pack
from rl.shared_prefix.prompt import Prompt, media_of
from tests.rl.shared_prefix.families import EOS, FAMILIES

CASES = [(name, count) for name, family in FAMILIES.items() for count in ((0, 1, 3) if family.pictures else (0,))]
LENGTHS = [5, 1, 3, 6, 2]
"""The second completion is the end of the turn and nothing else."""
Scores = tuple[list[torch.Tensor], list[torch.Tensor]]


def batch(name: str, pictures: int) -> tuple[list[Prompt], torch.Tensor, torch.Tensor]:
    """Two ragged prompts, one of them with more pictures than the other; completions on one are not side by side."""
    family = FAMILIES[name]
    first, second = family.prompt(9, pictures, 1), family.prompt(14, min(pictures, 1), 2)
    draw = torch.Generator().manual_seed(0)
    completions = torch.randint(4, EOS, (len(LENGTHS), max(LENGTHS)), generator=draw)
    mask = (torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]).long()
    completions[1, 0] = EOS
    return [first, first, second, second, first], completions, mask


def model_of(name: str) -> PreTrainedModel:
    model = FAMILIES[name].model()
    add_fused_lm_head(model, temperature=0.9, outputs=("log_probs", "entropy"))
    return model


def dense(model: PreTrainedModel, prompts: list[Prompt], completions: torch.Tensor, mask: torch.Tensor) -> Scores:
    """Row by row, as the model itself is called."""
    logps, entropies = [], []
    for prompt, completion, size in zip(prompts, completions, mask.sum(dim=1).tolist(), strict=True):
        ids = torch.cat([prompt.ids, completion[:size]])[None]
        types = {name: torch.cat([value, value.new_zeros(1, size)], dim=1) for name, value in prompt.types.items()}
        labels = ids.clone()
        labels[:, : len(prompt.ids)] = -100
        media = media_of([prompt], in_one_row=True)
        output = model(
            input_ids=ids, attention_mask=torch.ones_like(ids), labels=labels, fused_lm_head=True, **media, **types
        )
        logps.append(output.log_probs[0, -size:])
        entropies.append(output.entropy[0, -size:])
    return logps, entropies


def packed(
    model: PreTrainedModel, prompts: list[Prompt], completions: torch.Tensor, mask: torch.Tensor, bare=None
) -> Scores:
    row = pack(bare or model, prompts, completions, mask)
    output = model(**row.inputs, shift_labels=row.labels, fused_lm_head=True)
    logps, entropies = row.layout.rows(output.log_probs), row.layout.rows(output.entropy)
    assert logps.shape == mask.shape and not logps[mask == 0].any()
    sizes = mask.sum(dim=1).tolist()
    return [row[:size] for row, size in zip(logps, sizes, strict=True)], [
        row[:size] for row, size in zip(entropies, sizes, strict=True)
    ]


def gradients(model: PreTrainedModel, scores: Scores) -> dict[str, torch.Tensor]:
    """Of a loss in which every token has a weight of its own."""
    model.zero_grad()
    draw = torch.Generator().manual_seed(1)
    loss = sum((row * torch.randn(len(row), generator=draw)).sum() for rows in scores for row in rows)
    loss.backward()
    return {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}


def check(found: Scores, expected: Scores) -> None:
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(torch.cat(ours), torch.cat(theirs), atol=1e-5, rtol=1e-6)


def check_gradients(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys() and len(found) > 10
    largest = max(gradient.abs().max() for gradient in expected.values())
    for name, gradient in expected.items():
        scale = max(gradient.abs().max().item(), 1e-3 * largest.item())
        torch.testing.assert_close(found[name] / scale, gradient / scale, atol=1e-4, rtol=0, msg=name)


@pytest.mark.parametrize(("name", "pictures"), CASES)
def test_log_probs_entropies_and_gradients(name: str, pictures: int):
    model, (prompts, completions, mask) = model_of(name), batch(name, pictures)
    expected = dense(model, prompts, completions, mask)
    theirs = gradients(model, expected)
    assert why_not(model) is None
    prepare(model)
    found = packed(model, prompts, completions, mask)
    check(found, expected)
    check_gradients(gradients(model, found), theirs)


@pytest.mark.parametrize("name", FAMILIES)
def test_gradient_checkpointing_computes_the_same_again(name: str):
    model, (prompts, completions, mask) = model_of(name), batch(name, 1)
    prepare(model)
    expected = gradients(model, packed(model, prompts, completions, mask))
    model.train()
    model.gradient_checkpointing_enable()
    found = packed(model, prompts, completions, mask)
    check_gradients(gradients(model, found), expected)


@pytest.mark.parametrize("name", ["qwen2_5_vl", "gemma3", "qwen3"])
def test_adapters(name: str):
    bare, (prompts, completions, mask) = model_of(name), batch(name, 1)
    model = get_peft_model(bare, LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False))
    expected = dense(model, prompts, completions, mask)
    theirs = gradients(model, expected)
    prepare(model)
    found = packed(model, prompts, completions, mask, bare)
    check(found, expected)
    check_gradients(gradients(model, found), theirs)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_prepared_model_is_as_before_where_nothing_is_packed(name: str):
    model, (prompts, completions, mask) = model_of(name), batch(name, 1)
    expected = dense(model, prompts, completions, mask)
    prepare(model)
    check(dense(model, prompts, completions, mask), expected)


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.pictures])
def test_these_models_look_at_their_pictures(name: str):
    """Else the comparisons above would say little."""
    model, (prompts, completions, mask) = model_of(name), batch(name, 1)
    expected = torch.cat(dense(model, prompts, completions, mask)[0])
    for prompt in (prompts[0], prompts[2]):
        prompt.media["pixel_values"].mul_(-1)  # type: ignore[index]
    assert (torch.cat(dense(model, prompts, completions, mask)[0]) - expected).abs().max() > 1e-3


def test_tokens_of_a_picture_that_see_each_other(monkeypatch: pytest.MonkeyPatch):
    """Gemma 3's; without them the log-probabilities are others."""
    model, (prompts, completions, mask) = model_of("gemma3"), batch("gemma3", 3)
    expected = torch.cat(dense(model, prompts, completions, mask)[0])
    prepare(model)
    monkeypatch.setattr("rl.shared_prefix.layout._blocks", lambda *asked: None)
    assert (torch.cat(packed(model, prompts, completions, mask)[0]) - expected).abs().max() > 1e-3


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.pictures])
def test_pictures_go_through_the_tower_once_a_prompt(name: str):
    model, (prompts, completions, mask) = model_of(name), batch(name, 1)
    seen = []
    tower = next(
        module
        for path, module in model.named_modules()
        if path.split(".")[-1] in ("visual", "vision_tower", "vision_model")
    )
    tower.register_forward_pre_hook(
        lambda module, args, kwargs: seen.append(args or tuple(kwargs.values())), with_kwargs=True
    )
    prepare(model)
    packed(model, prompts, completions, mask)
    assert len(seen) == 1
    pixels = sum(prompt.media["pixel_values"].numel() for prompt in (prompts[0], prompts[2]))
    assert next(value for value in seen[0] if isinstance(value, torch.Tensor)).numel() == pixels


@pytest.mark.parametrize("name", FAMILIES)
def test_the_comparison_before_use_tells_right_from_wrong(name: str, monkeypatch: pytest.MonkeyPatch):
    model, prompt = model_of(name), FAMILIES[name].prompt(14, 1, 3)
    prepare(model)
    assert difference(model, model, prompt) < 1e-5
    monkeypatch.setattr(
        "rl.shared_prefix.layout.Layout.branch_mask",
        lambda self, window: torch.ones((), dtype=torch.bool).expand(
            len(self.branch), 1, self.branch.shape[1], self.prefix.shape[1] + self.branch.shape[1]
        ),
    )
    assert difference(model, model, prompt) > 1e-3


def test_a_completion_of_no_tokens_has_no_scores():
    model, (prompts, completions, mask) = model_of("qwen3"), batch("qwen3", 0)
    expected = dense(model, prompts, completions, mask)
    prepare(model)
    mask[0] = 0
    found = packed(model, prompts, completions, mask)
    assert not len(found[0][0])
    check((found[0][1:], found[1][1:]), (expected[0][1:], expected[1][1:]))


@pytest.mark.parametrize("name", FAMILIES)
def test_completions_with_pictures_of_their_own(name: str):
    """What a policy wrote, what a tool showed it, and what it wrote then, beside completions of text."""
    family, model = FAMILIES[name], model_of(name)
    first, second = family.prompt(9, 1, 1), family.prompt(14, 0, 2)
    shown = [family.prompt(6, 2, 3), None, family.prompt(5, 1, 4), family.prompt(7, 1, 5)]
    text = family.prompt(5, 0, 6)
    pieces = [piece and Prompt.joined([text, piece]) for piece in shown]
    rows, prompts = [piece or text for piece in pieces], [first, first, second, second]
    longest = max(len(row.ids) for row in rows)
    completions = torch.stack([torch.nn.functional.pad(row.ids, (0, longest - len(row.ids))) for row in rows])
    mask = (torch.arange(longest) < torch.tensor([len(row.ids) for row in rows])[:, None]).long()
    expected: Scores = [], []
    for prompt, row in zip(prompts, rows, strict=True):
        whole = Prompt.joined([prompt, row])
        ids, labels = whole.ids[None], whole.ids[None].clone()
        labels[:, : len(prompt.ids)] = -100
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}
        output = model(**inputs, fused_lm_head=True, **media_of([whole], in_one_row=True), **whole.types)
        expected[0].append(output.log_probs[0, -len(row.ids) :])
        expected[1].append(output.entropy[0, -len(row.ids) :])
    theirs = gradients(model, expected)
    prepare(model)
    row = pack(model, prompts, completions, mask, pictured=pieces)
    output = model(**row.inputs, shift_labels=row.labels, fused_lm_head=True)
    sizes = mask.sum(dim=1).tolist()
    found: Scores = tuple(
        [line[:size] for line, size in zip(row.layout.rows(said), sizes, strict=True)]
        for said in (output.log_probs, output.entropy)
    )  # type: ignore[assignment]
    check(found, expected)
    check_gradients(gradients(model, found), theirs)
