"""What a step of GRPO costs: Ruling's trainer, and the same without what it does to be faster, which is TRL's way.

    python benchmarks/grpo.py --seed 4          (after benchmarks/billboard.py --seeds 4)

The same model, cases and seed; the shipped recipe; alternately, so that what else the machine does hits both.
"""

import argparse
import statistics
import tempfile
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

from rich.console import Console
from timed import Timed

from rl.config.policy import GRPORecipe
from rl.demo import precision
from rl.training import train
from rl.training.trainers.grpo import RulingGRPOTrainer

WARM_UP = 2


class TimedGRPO(Timed, RulingGRPOTrainer):
    pass


class Plain(TimedGRPO):
    """Trains on every completion, whether it has an advantage or not."""

    _loss_is_of_advantages = False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--runs", type=Path, default=Path("runs/benchmarks/billboard"))
    arguments = parser.parse_args()
    home = arguments.runs / f"seed-{arguments.seed}"
    variants: dict[str, tuple[type[TimedGRPO], bool, bool]] = {
        "Ruling's": (TimedGRPO, True, True),
        "… every prompt read for every completion": (TimedGRPO, False, True),
        "… every completion trained on": (Plain, False, True),
        "… written by plain products as well: TRL's": (Plain, False, False),
    }
    took: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(arguments.rounds):
        for name, variant in variants.items():
            took[name] += steps(home, arguments.seed, arguments.steps, *variant)
    medians = {name: statistics.median(seconds) for name, seconds in took.items()}
    slowest = max(medians.values())
    for name, median in medians.items():
        Console(width=150).print(f"{name}: {median:.2f} s a step, {slowest / median:.2f} times as fast as the slowest")


def steps(home: Path, seed: int, count: int, trainer: type[TimedGRPO], shared: bool, fused: bool) -> list[float]:
    """Seconds of each step after the first few."""
    Timed.seconds = []
    plain = patch("rl.training.trainers.policy.fused_attention", lambda model: nullcontext())
    writing = nullcontext() if fused else plain
    with tempfile.TemporaryDirectory() as out, patch("rl.training.grpo.RulingGRPOTrainer", trainer), writing:
        settings = {
            "seed": seed,
            "data.train": [str(home / "data" / "train.jsonl")],
            "data.rulebook": str(home / "data" / "rulebook.yaml"),
            "model.path": str(home / "sft"),
            "output": out,
            "max_steps": count,
            "shared_prefix": shared,
            **precision(),
        }
        train(GRPORecipe.load("billboard/grpo", settings))
    return Timed.seconds[WARM_UP:]


if __name__ == "__main__":
    main()
