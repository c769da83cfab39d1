"""What a step of SFT costs: as it is, with every position scored as TRL does on a CPU, and with patches projected by
the convolution that transformers has.

    python benchmarks/sft.py

The shipped recipe `billboard/sft` from the same seed on the same cases; alternately, so that what else the machine
does hits both.
"""

import argparse
import statistics
import tempfile
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

from rich.console import Console
from timed import Timed

import rl.training.sft
from data.billboard import BillboardConfig, build
from rl.config.train import SFTRecipe
from rl.demo import precision
from rl.training import train

WARM_UP = 2
WITHOUT = {
    "as it is": None,
    "all positions scored": "rl.training.trainers.sft.labelled_positions_only",
    "convolution": "rewards.models.checkpoint.project_by_product",
}
"""By name of the way, what is left out of the trainer."""


class TimedSFT(Timed, rl.training.sft.RulingSFTTrainer):
    pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    took: dict[str, list[float]] = {name: [] for name in WITHOUT}
    with tempfile.TemporaryDirectory() as folder:
        data = build(BillboardConfig(cases=960, test_cases=40), Path(folder) / "data")
        for number in range(arguments.rounds):
            for name, seconds in took.items():
                seconds += steps(data, Path(folder) / f"{name}-{number}", arguments.steps, WITHOUT[name])
    median = {name: statistics.median(seconds) for name, seconds in took.items()}
    for name, seconds in median.items():
        Console().print(f"{name}: {seconds:.2f} s a step, {seconds / median['as it is']:.2f} times as long")


def steps(data: Path, out: Path, count: int, left_out: str | None) -> list[float]:
    """Seconds of each step after the first few."""
    Timed.seconds = []
    settings = {
        "seed": 0,
        "data.train": [str(data / "train.jsonl")],
        "data.rulebook": str(data / "rulebook.yaml"),
        "output": str(out),
        "max_steps": WARM_UP + count,
        **precision(),
    }
    recipe = SFTRecipe.load("billboard/sft", settings)
    way = patch(left_out) if left_out else nullcontext()
    with way, patch.object(rl.training.sft, "RulingSFTTrainer", TimedSFT):
        train(recipe)
    return Timed.seconds[WARM_UP:]


if __name__ == "__main__":
    main()
