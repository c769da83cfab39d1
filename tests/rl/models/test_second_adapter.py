"""Two adapters in one graph learn what two models would, each with one."""

from pathlib import Path

import pytest
import torch
from peft import PeftModel

from rl.config.model import LoraConfig, ModelConfig
from rl.models.load import load_model
from rl.models.second_adapter import adapter_active, add_copy

OTHER = "other"


def adapted(path: Path, seed: int) -> PeftModel:
    """A model whose adapter does something."""
    model = load_model(ModelConfig(path=str(path), lora=LoraConfig(r=4)))
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_" in name:
                weight.copy_(torch.randn(weight.shape, generator=draw) * 0.1)
    return model


def gradients(model: PeftModel, adapter: str) -> dict[str, torch.Tensor]:
    return {
        name.replace(f".{adapter}.", "."): weight.grad
        for name, weight in model.named_parameters()
        if f".{adapter}." in name and weight.grad is not None
    }


def first(model: PeftModel, ids: torch.Tensor) -> torch.Tensor:
    return model(input_ids=ids).logits.square().mean()


def second(model: PeftModel, ids: torch.Tensor) -> torch.Tensor:
    return model.get_base_model().base_model(input_ids=ids).last_hidden_state[..., :3].sum()


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("kind", ["tiny_text", "tiny_vl"])
def test_gradients_are_those_of_two_models(kind: str, checkpointing: bool, request: pytest.FixtureRequest):
    path, ids = request.getfixturevalue(kind), torch.arange(20, 40).view(2, 10)
    one, other = adapted(path, 1), adapted(path, 2)
    first(one, ids).backward()
    second(other, ids).backward()
    expected = gradients(one, "default"), gradients(other, "default")

    both = adapted(path, 1)
    add_copy(both, OTHER)
    theirs = {name.replace(".default.", f".{OTHER}."): weight for name, weight in other.named_parameters()}
    with torch.no_grad():
        for name, weight in both.named_parameters():
            if f".{OTHER}." in name:
                weight.copy_(theirs[name])
    computed = 0

    def count(*_: object) -> None:
        nonlocal computed
        computed += 1

    layer = next(module for name, module in both.named_modules() if name.endswith("layers.0.mlp"))
    if checkpointing:
        both.gradient_checkpointing_enable()
        both.enable_input_require_grads()
    both.train()
    layer.register_forward_pre_hook(count)
    loss = first(both, ids)
    with adapter_active(both, OTHER):
        loss = loss + second(both, ids)
    assert computed == 2
    loss.backward()
    assert computed == (4 if checkpointing else 2), "layers must be computed again"
    for adapter, wanted in zip(("default", OTHER), expected, strict=True):
        found = gradients(both, adapter)
        assert found.keys() == wanted.keys() and len(wanted) >= 20
        for name, gradient in wanted.items():
            torch.testing.assert_close(found[name], gradient, atol=1e-6, rtol=1e-5, msg=name)
        assert any(gradient.any() for gradient in wanted.values())


def test_a_copy_begins_as_what_it_is_a_copy_of(tiny_text: Path):
    model, ids = adapted(tiny_text, 1).eval(), torch.arange(20, 30).view(1, 10)
    with torch.no_grad():
        before = model(input_ids=ids).logits
        add_copy(model, OTHER)
        with adapter_active(model, OTHER):
            assert torch.equal(model(input_ids=ids).logits, before)
    assert model.active_adapter == "default"


def test_it_still_learns_after_a_look_at_what_lies_below(tiny_text: Path):
    """PEFT's `disable_adapter`, on its way out, makes the active adapter the only one that learns."""
    model, ids = adapted(tiny_text, 1), torch.arange(20, 30).view(1, 10)
    add_copy(model, OTHER)
    with model.disable_adapter(), torch.no_grad():
        model(input_ids=ids)
    loss = first(model, ids)
    with adapter_active(model, OTHER):
        loss = loss + second(model, ids)
    loss.backward()
    for adapter in ("default", OTHER):
        found = gradients(model, adapter)
        assert len(found) == 28 and all(gradient.any() for gradient in found.values())
