"""Tools that only score or read need no torch, and start at once."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import rl.evaluation

ROOT = Path(__file__).parent.parent
MODELS = {"torch", "transformers", "trl", "peft", "accelerate", "datasets", "evaluate"}
HEAVY = MODELS | {"pandas", "pyarrow", "sklearn", "scipy"}

FACES = ("data", "prompts", "rewards", "rl.evaluation")
ROOMS = ("rl.config", "rl.terminal", "rl.runs")
"""Every module in these is imported, not the face alone."""

FORBIDDEN = {
    **dict.fromkeys((*FACES, *ROOMS), HEAVY),
    "rl.evaluation.predictions": HEAVY,
    "rl.evaluation.outcomes": HEAVY,
    "rl.evaluation.metrics": HEAVY,
    # What works out figures needs scipy, and a metric's library only once it does.
    "rl.evaluation.evaluation": MODELS,
    "rl.evaluation.files": MODELS,
    "rl.evaluation.evaluate": MODELS,
    "rl.evaluation.comparison": MODELS,
    "rl.evaluation.table": MODELS,
    "rl.evaluation.page": MODELS,
}
"""Module → the packages that it must not load."""

PROBE = """
import json, sys, time
start = time.process_time()
import {modules}
print(json.dumps([time.process_time() - start, sorted({{name.partition(".")[0] for name in sys.modules}})]))
"""


def probe(*modules: str) -> tuple[float, set[str]]:
    """CPU seconds and loaded packages of an import in a fresh interpreter.

    CPU time, so that a machine busy with something else does not fail the test.
    """
    code = PROBE.format(modules=", ".join(modules))
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, names = json.loads(done.stdout)
    return seconds, set(names)


def all_in(room: str) -> list[str]:
    files = sorted(ROOT.joinpath(*room.split(".")).glob("*.py"))
    return [f"{room}.{path.stem}" for path in files if path.stem != "__init__"]


@pytest.mark.parametrize("module", FORBIDDEN)
def test_imports_nothing_that_it_has_no_use_for(module: str) -> None:
    modules = all_in(module) if module in ROOMS else [module]
    assert modules
    assert not probe(*modules)[1] & FORBIDDEN[module]


@pytest.mark.parametrize("face", FACES)
def test_takes_about_as_long_as_what_it_needs(face: str) -> None:
    """Half a second on an idle machine; what that is on another, the libraries that every face needs tell."""
    least = min(probe("pydantic.main", "pydantic.types", "yaml", "jinja2")[0] for _ in range(5))
    assert min(probe(face)[0] for _ in range(5)) < 4 * least


def test_a_face_that_imports_on_demand_keeps_its_promises() -> None:
    """A module of the same name would take a promised name's place as soon as it is imported."""
    promised = rl.evaluation.__all__
    assert "Prediction" in promised and promised == dir(rl.evaluation)
    for name in promised:
        assert not (ROOT / "rl" / "evaluation" / f"{name}.py").exists(), name
        value = getattr(rl.evaluation, name)
        assert getattr(value, "__name__", name) == name
