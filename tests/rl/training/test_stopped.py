"""SIGTERM and Ctrl-C save a run before they end it, and what goes on from there ends as if nothing had happened."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import load_file

from rl.runs.checkpoints import newest_checkpoint, step_of
from rl.runs.folder import RunFolder

ROOT = Path(__file__).parents[3]
STEPS = 60
RECIPE = """\
name: mine
output: {run}
data: {{train: {toy}/text.jsonl, rulebook: {toy}/rules.yaml, template: compact}}
model: {{path: {model}}}
trainer: {{max_steps: {steps}, save_steps: 1000, per_device_train_batch_size: 4, learning_rate: 1.0e-3,
  gradient_checkpointing: false, report_to: none, disable_tqdm: true, bf16: false, logging_steps: 1}}
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def ruling(toy: Path, tiny_text: Path, tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts ``ruling train sft``; the run is in a folder of the given name."""
    mark = {"RULING_TEST": str(tmp_path)}

    def begin(run: str, *options: str) -> "subprocess.Popen[str]":
        file = tmp_path / f"{run}.yaml"
        file.write_text(RECIPE.format(run=tmp_path / run, toy=toy, model=tiny_text, steps=STEPS))
        return subprocess.Popen(
            [sys.executable, "-c", "from rl.cli import main; main()", "train", "sft", "--config", str(file), *options],
            cwd=ROOT,
            env=os.environ | mark | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONUNBUFFERED": "1"},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    yield begin
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if mark.items() <= process.environ().items():
                process.kill()


def is_training(process: "subprocess.Popen[str]") -> None:
    """Waits for the first step."""
    assert process.stderr is not None
    for line in process.stderr:
        if "step 1 of" in line:
            return
    pytest.fail("it ended before its first step")


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(RunFolder(run).final / "model.safetensors")


@pytest.mark.parametrize(
    ("number", "options"),
    [
        (signal.SIGTERM, ()),
        (signal.SIGINT, ()),
        (signal.SIGTERM, ("--accelerate", "cpu", "--num_processes", "2")),
        (signal.SIGINT, ("--accelerate", "cpu", "--num_processes", "2")),
    ],
)
def test_a_signal_saves_the_run(
    number: int, options: tuple[str, ...], ruling: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    whole = ruling("whole", *options)
    assert whole.communicate() and whole.returncode == 0
    stopped = ruling("stopped", *options)
    is_training(stopped)
    stopped.send_signal(number)
    _, said = stopped.communicate()
    assert stopped.returncode == 128 + number, said
    newest = newest_checkpoint(RunFolder(tmp_path / "stopped"))
    assert newest is not None and 0 < (step := step_of(newest)) < STEPS
    assert "the run is saved and stops after this step; Ctrl-C again stops it at once" in said
    assert f"stopped; to go on from step {step}: ruling train sft --config " in said and "--resume" in said
    assert not RunFolder(tmp_path / "stopped").final.exists()
    on = ruling("stopped", "--resume", *options)
    _, said = on.communicate()
    assert on.returncode == 0, said
    one, other = weights(tmp_path / "stopped"), weights(tmp_path / "whole")
    assert one.keys() == other.keys() and all(torch.equal(one[name], weight) for name, weight in other.items())


@pytest.mark.parametrize("options", [(), ("--accelerate", "cpu", "--num_processes", "2")])
def test_a_second_ctrl_c_stops_at_once(
    options: tuple[str, ...], ruling: Callable[..., "subprocess.Popen[str]"], toy: Path, tmp_path: Path
) -> None:
    """No step ends meanwhile after which the run could be saved: each takes many seconds."""
    cases = (toy / "text.jsonl").read_text()
    often = tmp_path / "often.jsonl"
    often.write_text("".join(cases.replace('"toy-', f'"toy-{time_}-') for time_ in range(20)))
    settings = {"data.train": str(often), "per_device_train_batch_size": "1", "gradient_accumulation_steps": "1280"}
    process = ruling("run", *(word for key, value in settings.items() for word in (f"--{key}", value)), *options)
    is_training(process)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert any("Ctrl-C again stops it at once" in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, said = process.communicate()
    assert time.monotonic() - began < 15 and process.returncode == 130
    assert "stopped; to begin again, since there is no checkpoint yet: " in said


def test_a_run_without_checkpoints_is_not_saved(
    ruling: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    process = ruling("run", "--save_strategy", "no")
    is_training(process)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate()
    assert process.returncode == 143 and "the run stops after this step" in said
    assert newest_checkpoint(RunFolder(tmp_path / "run")) is None


def test_a_disk_that_is_full_leaves_the_last_checkpoint_whole(
    ruling: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    """No file may be larger than half of the weights, once the first checkpoint is there."""
    process = ruling("run", "--save_steps", "5", "--max_steps", "1000")
    run = RunFolder(tmp_path / "run")
    while (newest := newest_checkpoint(run)) is None:
        time.sleep(0.1)
        assert process.poll() is None
    half = (newest / "model.safetensors").stat().st_size // 2
    psutil.Process(process.pid).rlimit(psutil.RLIMIT_FSIZE, (half, half))
    _, said = process.communicate()
    assert process.returncode == 2 and "Traceback" not in said, said
    assert " could not be saved (" in said and " are free): make room, and go on with --resume" in said
    left = sorted(folder.name for folder in run.checkpoints.iterdir() if folder.is_dir())
    newest = newest_checkpoint(run)
    assert newest is not None and newest.name in left
    assert len(left) == step_of(newest) // 5, "the one that failed is not there"
    on = ruling("run", "--resume", "--max_steps", str(step_of(newest) + 1))
    assert on.communicate() and on.returncode == 0
