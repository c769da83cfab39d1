"""The acceptance test of checkpoints: each file damaged in each way, and a kill at every write of a save."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from data import DataError
from rewards import Rubric
from rl.config.policy import GRPORecipe
from rl.config.train import SFTRecipe, TrainRecipe
from rl.runs.checkpoints import checkpoint_at, newest_checkpoint, step_of
from rl.runs.folder import RunFolder
from rl.runs.rollouts import read_rollouts
from rl.training import train
from tests.rl.training.toy_reward import ToyRubric

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SCRIPT = Path(__file__).parent / "killed_saves.py"
STEPS, SAVE = 5, 2


def recipe(kind: str, toy: Path, model: Path, output: Path, **trainer: Any) -> TrainRecipe:
    settings = {
        "max_steps": STEPS,
        "save_steps": SAVE,
        "per_device_train_batch_size": 8,
        "report_to": "none",
        "gradient_checkpointing": False,
        "learning_rate": 1e-3,
        "disable_tqdm": True,
    }
    data = {"train": [str(toy / "text.jsonl")], "rulebook": str(toy / "rules.yaml"), "template": "compact"}
    shared: dict[str, Any] = {"name": "x", "output": output, "model": {"path": str(model)}, "data": data}
    if kind == "sft":
        return SFTRecipe(**shared, trainer=settings | trainer)
    settings |= {"num_generations": 2, "max_completion_length": 6, "scale_rewards": "none"}
    return GRPORecipe(**shared, rubric="toy", trainer=settings | trainer)


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(RunFolder(run).final / "model.safetensors")


def same(run: Path, whole: Path) -> bool:
    one, other = weights(run), weights(whole)
    rollouts = [read_rollouts(run), read_rollouts(whole)] if RunFolder(whole).rollouts.is_dir() else [0, 0]
    return (
        one.keys() == other.keys()
        and all(torch.equal(one[name], weight) for name, weight in other.items())
        and rollouts[0] == rollouts[1]
    )


@pytest.fixture(scope="module", params=["sft", "grpo"])
def runs(
    request: pytest.FixtureRequest, toy: Path, tiny_text: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path, Path]]:
    """A kind of training, a run that has come to its end, and the same without its last checkpoint and its end."""
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rubric, "load", lambda *args: ToyRubric())
        train(recipe(request.param, toy, tiny_text, folder / "whole"))
        begun = RunFolder(shutil.copytree(folder / "whole", folder / "begun"))
        shutil.rmtree(begun.final)
        shutil.rmtree(checkpoint_at(begun.checkpoints, STEPS))
        yield request.param, folder / "whole", begun.path


def files(begun: Path) -> list[Path]:
    newest = newest_checkpoint(RunFolder(begun))
    assert newest is not None
    return sorted(path.relative_to(newest) for path in newest.rglob("*") if path.is_file())


@pytest.mark.parametrize("how", ["deleted", "emptied", "cut", "changed"])
def test_a_damaged_checkpoint_is_never_gone_on_from(
    how: str, runs: tuple[str, Path, Path], toy: Path, tiny_text: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    kind, whole, begun = runs
    names = files(begun)
    assert len(names) >= 8
    for name in names:
        run = RunFolder(shutil.copytree(begun, tmp_path / f"{name}".replace("/", "-")))
        file = checkpoint_at(run.checkpoints, 2 * SAVE) / name
        content = file.read_bytes()
        middle = len(content) // 2
        if how == "deleted":
            file.unlink()
        else:
            changed = content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]
            file.write_bytes({"emptied": b"", "cut": content[:middle], "changed": changed}[how])
        train(recipe(kind, toy, tiny_text, run.path), resume=True)
        assert f"checkpoint-{2 * SAVE}" in capsys.readouterr().err.replace("\n", ""), name
        assert same(run.path, whole), name
        shutil.rmtree(run.path)


def test_where_every_checkpoint_is_damaged_nothing_is_trained(
    runs: tuple[str, Path, Path], toy: Path, tiny_text: Path, tmp_path: Path
) -> None:
    kind, _, begun = runs
    run = RunFolder(shutil.copytree(begun, tmp_path / "run"))
    for step in (SAVE, 2 * SAVE):
        with (checkpoint_at(run.checkpoints, step) / "model.safetensors").open("r+b") as file:
            file.seek(1000)
            file.write(b"\xff" * 200_000)
    with pytest.raises(DataError, match=r"checkpoint-4/model\.safetensors: is not what was saved; .*checkpoint-2/"):
        train(recipe(kind, toy, tiny_text, run.path), resume=True)
    assert not run.final.exists()


def test_a_kill_at_any_write_of_a_save_loses_nothing(
    runs: tuple[str, Path, Path], toy: Path, tiny_text: Path, tmp_path: Path
) -> None:
    kind, whole, _ = runs
    own = recipe(kind, toy, tiny_text, tmp_path / "run", save_total_limit=1)
    file = tmp_path / "recipe.json"
    file.write_text(own.model_dump_json(exclude={"model": {"tiny"}}))
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(file), kind, str(2 * SAVE)],
        env=os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    kills = re.findall(r"^killed at write (\d+): (.+)$", done.stdout, re.MULTILINE)
    assert [int(number) for number, _ in kills] == list(range(len(kills)))
    where = {what for _, what in kills}
    assert {"half of model.safetensors", "half of optimizer.pt", "half of rng_state.pth"} <= where
    assert {"open trainer_state.json", "os.remove complete.json", "os.rmdir checkpoint-2"} <= where
    assert sum("draft" in what for what in where) >= 2, "the manifest is written whole, by renaming"
    for number, what in kills:
        assert same(tmp_path / f"run-{number}", whole), what
        newest = newest_checkpoint(RunFolder(tmp_path / f"run-{number}"))
        assert newest is not None and step_of(newest) == STEPS
