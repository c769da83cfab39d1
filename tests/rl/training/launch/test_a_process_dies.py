"""A process that cannot go on ends the run: with its error, with its exit code, and without the others waiting."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from data import save_cases
from tests.rl.conftest import toy_book, toy_cases

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

RECIPE = """\
name: dies
output: {folder}/run
data: {{train: {folder}/cases.jsonl, rulebook: {folder}/rules.yaml, template: compact}}
model: {{path: {model}}}
rubric: default
trainer: {{max_steps: 8, per_device_train_batch_size: 8, num_generations: 4, max_completion_length: 8,
  scale_rewards: batch, report_to: none, bf16: false, save_steps: 100}}
"""
PROMPTLY = 25
"""Seconds between the error and the end: torchrun kills processes that do not hear it after half a minute."""


def launched(folder: Path, model: Path) -> tuple[int, list[str], float]:
    """The exit code, the lines of errors, and how long the command went on after the first of them."""
    (folder / "recipe.yaml").write_text(RECIPE.format(folder=folder, model=model))
    toy_book().dump(folder / "rules.yaml")
    started = subprocess.Popen(
        [sys.executable, "-c", "from rl.cli import main; main()", "train", "grpo",
         "--config", str(folder / "recipe.yaml"), "--accelerate", "cpu", "--num_processes", "2"],
        env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert started.stderr is not None
    said, first = [], 0.0
    for line in started.stderr:
        if "error:" in line:
            said.append(line)
            first = first or time.monotonic()
    code = started.wait()
    return code, said, time.monotonic() - first


def test_a_damaged_picture(tiny_vl: Path, tmp_path: Path):
    """One of both reads it, in a step; the other waits for what the first has written."""
    cases = toy_cases(tmp_path, 32)
    save_cases(cases, tmp_path / "cases.jsonl")
    picture = tmp_path / cases[20].images[0]
    picture.write_bytes(picture.read_bytes()[:-60])  # its header is whole
    code, said, went_on = launched(tmp_path, tiny_vl)
    assert code == 2 and went_on < PROMPTLY
    assert len(said) == 1 and picture.name in said[0] and "toy-20" in said[0]
