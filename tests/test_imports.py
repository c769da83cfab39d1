"""Tools that only score or read load no torch, so that they start at once: `benchmarks/seconds.py` says how soon."""

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

LIGHT = (*FACES, *ROOMS, *(f"rl.evaluation.{name}" for name in ("predictions", "outcomes", "metrics")))
WITHOUT_MODELS = tuple(
    # What works out figures needs scipy, and a metric's library only once it does.
    f"rl.evaluation.{name}"
    for name in ("evaluation", "files", "evaluate", "comparison", "table", "page")
)

PROBE = """
import importlib, json, sys
for module in sys.argv[1:]:
    importlib.import_module(module)
    print(json.dumps([module, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def all_in(room: str) -> list[str]:
    files = sorted(ROOT.joinpath(*room.split(".")).glob("*.py"))
    return [f"{room}.{path.stem}" for path in files if path.stem != "__init__"]


@pytest.mark.parametrize(("names", "forbidden"), [(LIGHT, HEAVY), (WITHOUT_MODELS, MODELS)], ids=["heavy", "models"])
def test_nothing_is_imported_that_there_is_no_use_for(names: tuple[str, ...], forbidden: set[str]) -> None:
    """In one fresh interpreter, one after the other: the first to load it is the one that is named."""
    modules = [module for name in names for module in (all_in(name) if name in ROOMS else [name])]
    words = [sys.executable, "-c", PROBE, *modules]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [module for module, _ in found] == modules and len(modules) >= len(names)
    for module, packages in found:
        assert not forbidden & set(packages), module


def test_a_face_that_imports_on_demand_keeps_its_promises() -> None:
    """A module of the same name would take a promised name's place as soon as it is imported."""
    promised = rl.evaluation.__all__
    assert "Prediction" in promised and promised == dir(rl.evaluation)
    for name in promised:
        assert not (ROOT / "rl" / "evaluation" / f"{name}.py").exists(), name
        value = getattr(rl.evaluation, name)
        assert getattr(value, "__name__", name) == name
