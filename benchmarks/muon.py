"""What Muon is worth where a model starts from nothing: SFT with it, and with AdamW alone, for as long.

    python benchmarks/muon.py --seed 0 --steps 300

The shipped recipe `billboard/sft` twice, with nothing changed but the optimiser, one run after the other. Prints what
each took, and how both review the same unseen ads.
"""

import argparse
import time
from pathlib import Path

from rich.console import Console

from data import Briefs, Rulebook, load_cases
from data.billboard import BillboardConfig, build
from rl.config.train import SFTRecipe
from rl.demo import DemoConfig, evaluate, precision
from rl.evaluation import Evaluation, compare_table
from rl.runs.folder import RunFolder
from rl.training import train

SPLIT = "changed"
WAYS = {"adamw": False, "muon": True}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks/muon"))
    arguments = parser.parse_args()
    home, console = arguments.out / f"seed-{arguments.seed}-steps-{arguments.steps}", Console(width=150)
    if not (home / "data" / f"{SPLIT}.jsonl").is_file():
        demo = DemoConfig()
        build(BillboardConfig(demo.cases, demo.test_cases, arguments.seed, "demo", demo.teacher_noise), home / "data")
    found: list[Evaluation] = []
    for name, muon in WAYS.items():
        begin = time.monotonic()
        learn(home, name, muon, arguments.seed, arguments.steps)
        console.print(f"{name}: {time.monotonic() - begin:.0f} s")
        cases, book = load_cases(home / "data" / f"{SPLIT}.jsonl"), Rulebook.load(home / "data" / "rulebook.yaml")
        found.append(evaluate(home / name, Briefs.bind(cases, book), home / "evaluations" / name, SPLIT))
    console.print(compare_table(found))


def learn(home: Path, name: str, muon: bool, seed: int, steps: int) -> None:
    """Trains with one optimiser, the last quarter of the steps while the learning rate falls."""
    if RunFolder(home / name).is_trained:
        return
    settings = {
        "seed": seed,
        "data.train": [str(home / "data" / "train.jsonl")],
        "data.rulebook": str(home / "data" / "rulebook.yaml"),
        "output": str(home / name),
        "muon": muon,
        "max_steps": steps,
        "lr_scheduler_kwargs": {"num_decay_steps": steps // 4},
        **precision(),
    }
    train(SFTRecipe.load("billboard/sft", settings))


if __name__ == "__main__":
    main()
