"""Muon and AdamW act as one optimiser: each on its own parameters, scheduled, saved and loaded together."""

import copy
import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import AdamW, Muon
from torch.optim._muon import _adjust_lr
from torch.optim.lr_scheduler import LambdaLR

from data import DataError
from rl.config.model import ModelConfig
from rl.models.load import load_model
from rl.training.trainers.muon import BatchedMuon, MuonAndAdamW, muon, split

SETTINGS = {"lr": 1e-2, "betas": (0.9, 0.98), "eps": 1e-8, "weight_decay": 0.1}


class Reader(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table, self.layer, self.norm = nn.Embedding(5, 4), nn.Linear(4, 6), nn.LayerNorm(6)
        self.frozen = nn.Linear(2, 2).requires_grad_(False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.norm(self.layer(self.table(ids))).square().mean() + self.layer.weight.sum()


@pytest.fixture
def reader() -> Reader:
    torch.manual_seed(0)
    return Reader()


def learn(model: Reader, *optimisers: torch.optim.Optimizer, steps: int = 1) -> dict[str, torch.Tensor]:
    for _ in range(steps):
        model.zero_grad()
        model(torch.tensor([0, 1, 3])).backward()
        for optimiser in optimisers:
            optimiser.step()
    return {name: weight.clone() for name, weight in model.state_dict().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(weight, other[name]) for name, weight in one.items())


def test_a_model_s_parameters_are_split_without_rest(tiny_vl: Path):
    model = load_model(ModelConfig(path=str(tiny_vl)))
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    linear, others, vectors = ([names[id(parameter)] for parameter in part] for part in split(model))
    assert sorted(linear + others + vectors) == sorted(names.values())
    assert [name.split(".")[-2] for name in others] == ["proj", "embed_tokens"]
    assert all(name.endswith("bias") or "norm" in name or "ln_q" in name for name in vectors)
    assert {name.split(".")[-2] for name in linear} >= {"q_proj", "gate_proj", "qkv", "proj"}


def matrices(*shapes: tuple[int, int], seed: int = 0, dtype: torch.dtype = torch.float32) -> list[nn.Parameter]:
    torch.manual_seed(seed)
    return [nn.Parameter(torch.randn(shape, dtype=dtype)) for shape in shapes]


def moved(kind: type[Muon], parameters: list[nn.Parameter], steps: int = 3, **settings: Any) -> list[torch.Tensor]:
    optimiser = kind(parameters, lr=1e-2, weight_decay=0.1, adjust_lr_fn="match_rms_adamw", **settings)
    torch.manual_seed(1)
    for _ in range(steps):
        for parameter in parameters:
            parameter.grad = torch.randn_like(parameter)
        optimiser.step()
    return [parameter.detach() for parameter in parameters]


SHAPES = [(4, 6), (4, 6), (9, 3), (5, 5), (9, 3)]


@pytest.fixture(params=[True, False], ids=["bfloat16", "float32"])
def native(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr("rl.training.trainers.muon.computes_in_bfloat16", lambda: request.param)
    return bool(request.param)


@pytest.mark.parametrize("nesterov", [True, False])
def test_updates_are_those_of_pytorch(native: bool, nesterov: bool):
    ours = moved(BatchedMuon, matrices(*SHAPES), nesterov=nesterov)
    for own, theirs in zip(ours, moved(Muon, matrices(*SHAPES), nesterov=nesterov), strict=True):
        torch.testing.assert_close(own, theirs, atol=2e-3, rtol=0)  # three steps of which each is 4e-3, to bfloat16


def test_in_float32_updates_are_those_of_the_formula(monkeypatch: pytest.MonkeyPatch):
    """Each update by itself, in float64: Muon (Jordan et al. 2024), scaled as Liu et al. 2025 do."""
    monkeypatch.setattr("rl.training.trainers.muon.computes_in_bfloat16", lambda: False)
    ours, a, b, c = moved(BatchedMuon, matrices(*SHAPES), steps=1), 3.4445, -4.7750, 2.0315
    expected = [parameter.detach().double() for parameter in matrices(*SHAPES)]
    torch.manual_seed(1)
    for own, weight in zip(ours, expected, strict=True):
        gradient = torch.randn_like(own).double()
        average = 0.05 * gradient
        x = gradient + 0.95 * (average - gradient)
        x = x / x.norm()
        for _ in range(5):
            gram = x @ x.T
            x = a * x + (b * gram + c * gram @ gram) @ x
        weight = weight * (1 - 1e-2 * 0.1) - 1e-2 * 0.2 * max(weight.shape) ** 0.5 * x
        torch.testing.assert_close(own.double(), weight, atol=1e-6, rtol=1e-5)


def test_matrices_together_are_turned_as_each_alone(native: bool, monkeypatch: pytest.MonkeyPatch):
    together = moved(BatchedMuon, matrices(*SHAPES))
    monkeypatch.setattr("rl.training.trainers.muon.TOGETHER", 1)
    for one, other in zip(together, moved(BatchedMuon, matrices(*SHAPES)), strict=True):
        torch.testing.assert_close(one, other, atol=1e-6 if not native else 1e-3, rtol=0)


def test_what_of_pytorch_s_muon_we_lean_on():
    assert list(inspect.signature(_adjust_lr).parameters) == ["lr", "adjust_lr_fn", "param_shape"]
    names = ["self", "group", "params_with_grad", "grads", "muon_momentum_bufs"]
    assert list(inspect.signature(Muon._init_group).parameters) == names


def test_a_step_is_that_of_either_on_its_own_parameters(reader: Reader):
    other = copy.deepcopy(reader)
    ours = learn(reader, MuonAndAdamW(reader, **SETTINGS), steps=3)
    vectors = [other.layer.bias, other.norm.weight, other.norm.bias]
    adam = AdamW([{"params": [other.table.weight]}, {"params": vectors, "weight_decay": 0.0}], **SETTINGS)
    alone = BatchedMuon([other.layer.weight], lr=1e-2, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    start = copy.deepcopy(other.state_dict())
    assert same(ours, learn(other, alone, adam, steps=3))
    moved = {name for name, weight in ours.items() if not torch.equal(weight, start[name])}
    assert moved == {"table.weight", "layer.weight", "layer.bias", "norm.weight", "norm.bias"}


def test_a_scheduler_reaches_both(reader: Reader):
    optimiser = MuonAndAdamW(reader, **SETTINGS)
    before = copy.deepcopy(reader.state_dict())
    LambdaLR(optimiser, lambda step: 0.0)
    assert same(before, learn(reader, optimiser))


def test_what_is_saved_goes_on_alike(reader: Reader):
    optimiser = MuonAndAdamW(reader, **SETTINGS)
    learn(reader, optimiser, steps=2)
    other, saved = copy.deepcopy(reader), copy.deepcopy(optimiser.state_dict())
    loaded = MuonAndAdamW(other, **SETTINGS | {"lr": 1.0})
    loaded.load_state_dict(saved)
    assert same(learn(reader, optimiser), learn(other, loaded))


@pytest.mark.parametrize(
    ("plugin", "fsdp", "launched"), [(object(), None, "false"), (None, "full_shard", "false"), (None, None, "true")]
)
def test_sharded_matrices_are_refused(plugin, fsdp, launched: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ACCELERATE_USE_FSDP", launched)
    with pytest.raises(DataError, match=r"muon: .*--muon false"):
        muon(SimpleNamespace(deepspeed_plugin=plugin, fsdp=fsdp))
