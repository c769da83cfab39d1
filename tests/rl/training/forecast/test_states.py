"""What weights, gradients and optimiser take, by hand."""

import pytest
import torch
from torch import nn

from rl.training.forecast.states import Weights, states_of
from rl.training.launch.machines import Machines
from rl.training.launch.settings import LaunchSettings
from rl.training.launch.sharding import Sharding


class Model(nn.Module):
    """3,000 numbers in matrices of two layers, 100 in vectors, and an embedding of 900 that is frozen."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.table = nn.Embedding(90, 10, dtype=dtype).requires_grad_(False)
        self.layers = nn.ModuleList([nn.Linear(30, 50, dtype=dtype), nn.Linear(30, 50, dtype=dtype)])


HALF, WHOLE = Weights.of(Model(torch.bfloat16)), Weights.of(Model(torch.float32))


def test_of_a_model() -> None:
    assert Weights(4000, 16_000, 3100, 12_400, 3000, 1550) == WHOLE
    assert HALF.bytes == 8000


def states(weights: Weights, sharding: Sharding, half: bool = True, optimiser: str = "adamw", muon: bool = False):
    return states_of(weights, sharding, half, optimiser, muon, frozen=False)


def test_one_device_has_everything_in_the_type_of_its_weights() -> None:
    found = states(HALF, Sharding())
    assert (found.weights, found.optimiser, found.buffers, found.gathered) == (8000, 2 * 6200, 0, 0)
    assert states(WHOLE, Sharding(), half=False).optimiser == 2 * 12_400


def test_ddp_holds_gradients_twice() -> None:
    sharding = Sharding("ddp", 8)
    found = states(HALF, sharding)
    assert found.buffers == 6200 and found.gradients(6200, sharding) == 6200


def test_zero() -> None:
    one, two, three = (Sharding(kind, 10) for kind in ("zero1", "zero2", "zero3"))  # type: ignore[arg-type]
    for sharding in (one, two, three):
        assert states(HALF, sharding).optimiser == 12 * 310  # 4 bytes each of weight, mean and variance
    assert states(HALF, two).weights == 8000 and states(HALF, three).weights == 800
    assert [sharding.is_deepspeed and states(HALF, sharding).gradients(6200, sharding) for sharding in (one, two)] == [
        6200,
        620,
    ]
    assert states(HALF, three).gathered == 8000 and states(HALF, two).gathered == 0


def test_what_is_offloaded_is_the_hosts() -> None:
    found = states(HALF, Sharding("zero3", 10, optimiser_on_host=True, weights_on_host=True))
    assert (found.weights, found.optimiser, found.on_host) == (0, 0, 800 + 3720)


def test_fsdp_holds_single_precision_and_gathers_two_layers() -> None:
    found = states(HALF, Sharding("fsdp", 10))
    assert (found.weights, found.optimiser, found.buffers) == (1600, 2480, 2 * 1550 * 2)


def test_muon_keeps_one_state_of_matrices() -> None:
    found = states(WHOLE, Sharding(), half=False, muon=True)
    assert found.optimiser == (3000 + 2 * 100) * 4 and found.stepping == 5 * 4 * 3000


@pytest.mark.parametrize(("name", "numbers"), [("sgd", 0), ("lion", 1), ("adamw_torch_fused", 2)])
def test_optimisers(name: str, numbers: int) -> None:
    assert states(WHOLE, Sharding(), half=False, optimiser=name).optimiser == numbers * 12_400


def test_a_model_that_is_only_read_has_no_states() -> None:
    found = states_of(HALF, Sharding("zero3", 10), True, "adamw", False, frozen=True)
    assert (found.weights, found.optimiser) == (800, 0)


@pytest.mark.parametrize(
    ("name", "told"), [("cpu", "one"), ("multi_gpu", "4 × ddp"), ("zero2", "4 × zero2"), ("zero3", "4 × zero3")]
)
def test_shipped_configurations(name: str, told: str) -> None:
    assert LaunchSettings.load(name, Machines(1 if told == "one" else 4)).sharding.told == told


def test_offloading_is_read() -> None:
    given = {"zero_stage": 3, "offload_optimizer_device": "cpu", "offload_param_device": "none"}
    assert Sharding.of("DEEPSPEED", 2, given) == Sharding("zero3", 2, optimiser_on_host=True)
    assert Sharding.of("FSDP", 2).kind == "fsdp" and Sharding.of("DEEPSPEED", 2, {"zero_stage": 0}).kind == "ddp"
