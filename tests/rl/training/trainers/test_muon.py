"""Muon and AdamW act as one optimiser: each on its own parameters, scheduled, saved and loaded together."""

import copy
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.optim import AdamW, Muon
from torch.optim.lr_scheduler import LambdaLR

from data import DataError
from rl.config.model import ModelConfig
from rl.models.load import load_model
from rl.training.sft import muon
from rl.training.trainers.muon import MuonAndAdamW, split

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


def test_a_step_is_that_of_either_on_its_own_parameters(reader: Reader):
    other = copy.deepcopy(reader)
    ours = learn(reader, MuonAndAdamW(reader, **SETTINGS), steps=3)
    vectors = [other.layer.bias, other.norm.weight, other.norm.bias]
    adam = AdamW([{"params": [other.table.weight]}, {"params": vectors, "weight_decay": 0.0}], **SETTINGS)
    alone = Muon([other.layer.weight], lr=1e-2, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
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
