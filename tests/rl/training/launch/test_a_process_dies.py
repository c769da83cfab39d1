"""A process that cannot go on ends the run: with its error, with its exit code, and without the others waiting."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from data import save_cases
from tests.rl.conftest import toy_book, toy_cases

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

RECIPE = """\
name: dies
output: run
data: {{train: cases.jsonl, rulebook: rules.yaml, template: compact}}
model: {{path: {model}}}
rubric: rubric.yaml
trainer: {{max_steps: 8, per_device_train_batch_size: 8, num_generations: 4, max_completion_length: 8,
  scale_rewards: batch, report_to: none, bf16: false, save_steps: 100}}
"""
RUBRIC = """\
name: dies
prices: {miss: 3, false_flag: 1, escalation: 0.1}
craft: {"own.py:own": 0.1}
gates: [rulebook_consistency]
"""
REWARD = """\
import os

from rewards import reward

if os.environ.get("RANK") == "1":
    raise OSError("the disk of this machine is not there")


@reward(name="own", range=(0, 1))
def own(ruling, case, excerpt):
    return 1.0
"""
PROMPTLY = 120
"""Seconds between the error and the end, on a busy machine: gloo waits for half an hour."""


def test_one_of_two_cannot_load_a_reward(tiny_text: Path, tmp_path: Path):
    """The other waits for it, and is heard only if nobody ends it."""
    for name, text in {"recipe.yaml": RECIPE.format(model=tiny_text), "rubric.yaml": RUBRIC, "own.py": REWARD}.items():
        (tmp_path / name).write_text(text)
    save_cases(toy_cases(tmp_path, 32, images=False), tmp_path / "cases.jsonl")
    toy_book().dump(tmp_path / "rules.yaml")
    path = os.pathsep.join([str(Path(__file__).parents[4]), os.environ.get("PYTHONPATH", "")])
    started = subprocess.Popen(
        [sys.executable, "-c", "from rl.cli import main; main()", "train", "grpo",
         "--config", "recipe.yaml", "--accelerate", "cpu", "--num_processes", "2"],
        cwd=tmp_path, env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert started.stderr is not None
    said, first = [], 0.0
    for line in started.stderr:
        if "error:" in line:
            said.append(line)
            first = first or time.monotonic()
    assert started.wait() == 2, said
    assert len(said) == 1 and "own.py" in said[0] and "the disk of this machine" in said[0], said
    assert time.monotonic() - first < PROMPTLY
