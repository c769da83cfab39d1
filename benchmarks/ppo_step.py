"""What PPO costs beside GRPO: seconds and peak memory for the same completions, by layout of the critic.

    python benchmarks/ppo_step.py --seed 4          (after benchmarks/billboard.py --seeds 4)

The same model, cases, seed and number of completions; one update for each generation, but in *as shipped*, which is
the recipe `billboard/ppo` with its minibatches. Each variant runs in a process of its own, so that its memory is its
own; they take turns, so that what else the machine does hits all.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from rich.console import Console
from rich.filesize import decimal
from timed import Timed

from rl.config.policy import GRPORecipe, PPORecipe
from rl.demo import precision
from rl.training import train
from rl.training.trainers.grpo import RulingGRPOTrainer
from rl.training.trainers.ppo import RulingPPOTrainer

LORA = {"model.lora": {"r": 16}}
ONCE = {"steps_per_generation": 1, "num_iterations": 1, "per_device_train_batch_size": 128, "num_generations": 4}
SHARED = {"critic.layout": "head", "critic.trunk_learning_rate": None}
VARIANTS: dict[str, tuple[type[GRPORecipe] | type[PPORecipe], dict[str, Any]]] = {
    "GRPO": (GRPORecipe, ONCE),
    "PPO, head": (PPORecipe, ONCE | SHARED),
    "PPO, head, gradient stopped": (PPORecipe, ONCE | SHARED | {"critic.stop_gradient": True}),
    "PPO, trunk": (PPORecipe, ONCE | {"critic.layout": "trunk"}),
    "PPO, as shipped": (PPORecipe, {}),
    "GRPO, LoRA": (GRPORecipe, ONCE | LORA),
    "PPO, LoRA, head": (PPORecipe, ONCE | LORA | SHARED),
    "PPO, LoRA, adapter": (PPORecipe, ONCE | LORA | {"critic.layout": "adapter"}),
}
WARM_UP = 1


class TimedGRPO(Timed, RulingGRPOTrainer):
    pass


class TimedPPO(Timed, RulingPPOTrainer):
    pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--generations", type=int, default=4, help="of which the first is not timed")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--runs", type=Path, default=Path("runs/benchmarks/billboard"))
    parser.add_argument("--variant", choices=VARIANTS, help="measure this one alone, in this process")
    arguments = parser.parse_args()
    if arguments.variant:
        home = arguments.runs / f"seed-{arguments.seed}"
        print(json.dumps(measured(arguments.variant, home, arguments.seed, arguments.generations)))
        return
    took: dict[str, list[float]] = {name: [] for name in VARIANTS}
    peak: dict[str, int] = dict.fromkeys(VARIANTS, 0)
    for _ in range(arguments.rounds):
        for name in VARIANTS:
            command = [sys.executable, __file__, *sys.argv[1:], "--variant", name]
            said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            seconds, bytes_ = json.loads(said.splitlines()[-1])
            took[name] += seconds
            peak[name] = max(peak[name], bytes_)
    for name, seconds in took.items():
        plain = statistics.median(took["GRPO, LoRA" if "LoRA" in name else "GRPO"])
        median = statistics.median(seconds)
        Console(width=150).print(
            f"{name}: {median:.2f} s for 128 completions, {median / plain:.2f} × GRPO; at most {decimal(peak[name])}"
        )


def measured(name: str, home: Path, seed: int, generations: int) -> tuple[list[float], int]:
    """Seconds of each generation after the first, with all steps that learn from it, and the peak memory in bytes."""
    recipe, overrides = VARIANTS[name]
    timed = TimedGRPO if recipe is GRPORecipe else TimedPPO
    where = f"rl.training.{recipe.kind}.{timed.__mro__[2].__name__}"
    with tempfile.TemporaryDirectory() as out, patch(where, timed):
        made = recipe.load(
            f"billboard/{recipe.kind}",
            {
                "seed": seed,
                "data.train": [str(home / "data" / "train.jsonl")],
                "data.rulebook": str(home / "data" / "rulebook.yaml"),
                "model.path": str(home / "sft"),
                "output": out,
                "save_strategy": "no",
                **precision(),
                **overrides,
            },
        )
        trained = made.trainer
        steps = trained.get("steps_per_generation", 1) * trained.get("num_iterations", 1)
        train(made.model_copy(update={"trainer": trained | {"max_steps": steps * generations}}))
    batches = Timed.seconds
    each = [sum(batches[first : first + steps]) for first in range(0, len(batches), steps)]
    return each[WARM_UP:], _peak()


def _peak() -> int:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held if sys.platform == "darwin" else held * 1024


if __name__ == "__main__":
    main()
