"""What a step of SFT costs: with patches projected by a matrix product, and by the convolution that transformers has.

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

import rl.sft
from data.billboard import BillboardConfig, build
from rl.demo import precision
from rl.recipe import SFTRecipe

WARM_UP = 2


class TimedSFT(Timed, rl.sft.RulingSFTTrainer):
    pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    took: dict[str, list[float]] = {"convolution": [], "product": []}
    with tempfile.TemporaryDirectory() as folder:
        data = build(BillboardConfig(cases=960, test_cases=40), Path(folder) / "data")
        for number in range(arguments.rounds):
            for name, seconds in took.items():
                seconds += steps(data, Path(folder) / f"{name}-{number}", arguments.steps, name == "product")
    product, convolution = (statistics.median(took[name]) for name in ("product", "convolution"))
    ratio = convolution / product
    Console().print(f"product {product:.2f} s a step, convolution {convolution:.2f} s: {ratio:.2f} times as fast")


def steps(data: Path, out: Path, count: int, product: bool) -> list[float]:
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
    way = nullcontext() if product else patch("rewards.checkpoint.project_by_product")
    with way, patch.object(rl.sft, "RulingSFTTrainer", TimedSFT):
        rl.sft.train_sft(recipe)
    return Timed.seconds[WARM_UP:]


if __name__ == "__main__":
    main()
