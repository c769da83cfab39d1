"""Whether a dry run's forecast of memory is what a run then takes, on the CPU.

    python -m benchmarks.forecast [SHAPE …] [--out runs/forecast.jsonl]

Each shape is trained for two steps in a process of its own, on the longest of its cases alone: a forecast is of the
longest batch. What is measured is kept in a file, and is not measured
again. Measured is the most that the process was ever resident, less what it was once everything was imported; glibc is
told to give back what is freed (``MALLOC_MMAP_THRESHOLD_``), since what an allocator keeps for later is no part of a
forecast.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PAGE = 1 << 16
"""Bytes from which on what is freed is given back."""
GENERATIONS = 4


@dataclass(frozen=True)
class Shape:
    """A model, and what one pass of it reads."""

    kind: str
    hidden: int
    layers: int
    rows: int
    checkpointing: bool = False
    attention: str = "sdpa"
    lora: bool = False
    accumulated: int = 1

    def settings(self, folder: Path) -> dict[str, Any]:
        """Of a recipe, as it is overridden."""
        trainer: dict[str, Any] = {
            "max_steps": 2,
            "per_device_train_batch_size": self.rows,
            "gradient_accumulation_steps": self.accumulated,
            "gradient_checkpointing": self.checkpointing,
            "save_strategy": "no",
            "report_to": "none",
        }
        if self.kind == "grpo":
            trainer |= {
                "max_completion_length": 64,
                "num_generations": GENERATIONS,
                "temperature": 1.0,
                "scale_rewards": "batch",
                "beta": 0.01,  # a group that no model here can rule on teaches nothing else
            }
        model: dict[str, Any] = {"path": str(folder / "model"), "attn_implementation": self.attention}
        if self.lora:
            model["lora"] = {"r": 16}
        return {
            "name": "forecast",
            "output": str(folder / "run"),
            "data": {
                "train": [str(folder / "data" / "train.jsonl")],
                "rulebook": str(folder / "data" / "rulebook.yaml"),
                "template": "compact",
            },
            "model": model,
            "trainer": trainer,
        } | ({"rubric": "billboard"} if self.kind == "grpo" else {})


SHAPES = {
    "sft": Shape("sft", 320, 5, 6),
    "sft, checkpointing": Shape("sft", 448, 6, 8, checkpointing=True),
    "sft, eager, 2 batches a step": Shape("sft", 256, 4, 6, attention="eager", accumulated=2),
    "sft, LoRA": Shape("sft", 384, 5, 6, lora=True),
    "grpo": Shape("grpo", 320, 5, 8),
    "grpo, checkpointing": Shape("grpo", 448, 6, 8, checkpointing=True),
}


def build(shape: Shape, folder: Path) -> None:
    """Data, model and recipe of a shape."""
    from data import Briefs, Rulebook, load_cases
    from data.billboard import BillboardConfig
    from data.billboard import build as build_billboard
    from data.files import write_json
    from rl.models.tiny import TinySize, build_tiny
    from rl.training.rows import texts_of

    build_billboard(BillboardConfig(cases=64, test_cases=8), folder / "data")
    book = Rulebook.load(folder / "data" / "rulebook.yaml")
    cases = folder / "data" / "train.jsonl"
    briefs = Briefs.bind(load_cases(cases), book)
    texts = texts_of(briefs, "compact")
    size = TinySize(hidden=shape.hidden, intermediate=4 * shape.hidden, layers=shape.layers, heads=8, kv_heads=4)
    build_tiny(folder / "model", texts, "vl", size)
    lines = dict(zip((brief.id for brief in briefs), cases.read_text("utf-8").splitlines(), strict=True))
    longest = sorted(briefs, key=lambda brief: -sum(map(len, texts_of([brief], "compact"))))
    kept = longest[: shape.accumulated * (shape.rows // GENERATIONS if shape.kind == "grpo" else shape.rows)]
    cases.write_text("".join(f"{lines[brief.id]}\n" for brief in kept), "utf-8")
    write_json(folder / "recipe.yaml", shape.settings(folder))


def forecast(shape: Shape, folder: Path) -> dict[str, Any]:
    """What a dry run says."""
    from rl.training.preflight import preflight

    found = preflight(shape.kind, str(folder / "recipe.yaml")).forecast
    assert found is not None
    return found.json


def measured(shape: Shape, folder: Path) -> int:
    """Bytes that a run takes, beyond what imports took."""
    import datasets  # noqa: F401
    import psutil
    import tensorboard  # noqa: F401

    from rl.training.registry import load_recipe, stage_of, train

    recipe = load_recipe(shape.kind, str(folder / "recipe.yaml"))
    recipe.arguments()
    stage_of(recipe)
    resident = psutil.Process().memory_info().rss
    train(recipe)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - resident


def compare(name: str) -> dict[str, Any]:
    """Forecast and measurement of a shape, the latter in a process of its own."""
    shape, threshold = SHAPES[name], str(PAGE)
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": threshold, "MALLOC_TRIM_THRESHOLD_": threshold}
    with tempfile.TemporaryDirectory() as folder:
        build(shape, Path(folder))
        told = forecast(shape, Path(folder))
        command = [sys.executable, "-m", "benchmarks.forecast", name, "--measure", folder]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    parts = {part: told[part] for part in ("learning", "stepping", "writing", "activations")}
    off = told["peak"] / found - 1
    return {"shape": name, **asdict(shape), "forecast": told["peak"], "measured": found, "off": off, **parts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shapes", nargs="*", metavar="SHAPE", help=", ".join(f"'{name}'" for name in SHAPES))
    parser.add_argument("--out", type=Path, default=Path("runs/forecast.jsonl"))
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure is not None:
        print(json.dumps(measured(SHAPES[given.shapes[0]], given.measure)))
        return
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.touch()
    kept = [json.loads(line) for line in given.out.read_text().splitlines()]
    for name in given.shapes or SHAPES:
        same = (row for row in kept if row["shape"] == name and row.items() >= asdict(SHAPES[name]).items())
        if (row := next(same, None)) is None:
            row = compare(name)
            with given.out.open("a") as file:
                file.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
