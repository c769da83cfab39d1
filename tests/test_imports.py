"""Tools that only score or read need no torch, and start at once."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"torch", "transformers", "trl", "datasets", "evaluate", "pandas", "pyarrow", "sklearn", "scipy"}

PROBE = """
import json, sys, time
start = time.process_time()
import {package}
print(json.dumps([time.process_time() - start, sorted({{name.partition(".")[0] for name in sys.modules}})]))
"""


def probe(package: str) -> tuple[float, set[str]]:
    """CPU seconds and loaded packages of an import in a fresh interpreter.

    CPU time, so that a machine busy with something else does not fail the test.
    """
    code = PROBE.format(package=package)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, names = json.loads(done.stdout)
    return seconds, set(names)


@pytest.mark.parametrize("package", ["data", "prompts", "rewards"])
def test_imports_nothing_heavy_and_takes_less_than_half_a_second(package: str) -> None:
    runs = [probe(package) for _ in range(3)]
    assert not runs[0][1] & HEAVY
    assert min(seconds for seconds, _ in runs) < 0.5


@pytest.mark.parametrize(
    "module", ["rl.config", "rl.runs.checkpoints", "rl.runs.lock", "rl.terminal.preflight", "rl.training", "rl.cli"]
)
def test_recipes_runs_and_the_command_line_load_nothing_heavy(module: str) -> None:
    assert not probe(module)[1] & HEAVY
