"""Two processes that share prompts learn what one learns, whole groups in each, and so do sharded ones."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from rl.config.model import ModelConfig
from rl.models.load import load_model
from rl.training.launch.settings import CONFIGS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_model(ModelConfig(path=str(folder))).state_dict()


def run(
    processes: int, toy: Path, model: Path, output: Path, config: str = "", rewards: str = "never flat"
) -> dict[str, torch.Tensor]:
    arguments = [str(Path(__file__).with_name("shared_prefix_worker.py")), str(toy), str(model), str(output)]
    start = [sys.executable, *arguments, "8", rewards]
    if processes > 1:
        options = ["--config_file", str(CONFIGS / config), "--num_processes", str(processes)]
        launcher = [sys.executable, "-m", "accelerate.commands.launch", *options]
        start = [*launcher, *arguments, str(8 // processes), rewards]
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        start,
        env=os.environ
        | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "DS_ACCELERATOR": "cpu", "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return weights_of(output / "trained")


@pytest.fixture(scope="module")
def one(toy: Path, tiny_vl: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    """What one process makes of the weights."""
    return run(1, toy, tiny_vl, tmp_path_factory.mktemp("one"))


@pytest.mark.parametrize("config", ["cpu.yaml", "zero2.yaml", "zero3.yaml"])
def test_two_processes_are_one(config: str, one: dict[str, torch.Tensor], toy: Path, tiny_vl: Path, tmp_path: Path):
    if config.startswith("zero"):
        pytest.importorskip("deepspeed")
    before, two = weights_of(tiny_vl), run(2, toy, tiny_vl, tmp_path, config)
    assert any(not torch.equal(before[name], weight) for name, weight in one.items())
    for name, weight in one.items():
        torch.testing.assert_close(two[name], weight, atol=1e-5, rtol=1e-4, msg=name)


@pytest.mark.parametrize("config", ["cpu.yaml", "zero3.yaml"])
def test_each_process_leaves_out_what_teaches_nothing(config: str, toy: Path, tiny_vl: Path, tmp_path: Path):
    """Of two cases one is flat, and lies in either process."""
    if config.startswith("zero"):
        pytest.importorskip("deepspeed")
    one = run(1, toy, tiny_vl, tmp_path / "one", rewards="half flat")
    two = run(2, toy, tiny_vl, tmp_path / "two", config, "half flat")
    before = weights_of(tiny_vl)
    assert any(not torch.equal(before[name], weight) for name, weight in one.items())
    for name, weight in one.items():
        torch.testing.assert_close(two[name], weight, atol=1e-5, rtol=1e-4, msg=name)
