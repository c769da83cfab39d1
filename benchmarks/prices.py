"""Do prices do what they say? GRPO twice from one SFT model, with nothing changed but the price of a miss.

    python benchmarks/prices.py --seed 4                       (after benchmarks/billboard.py --seeds 4)
    python benchmarks/prices.py --seed 4 --steps 80 --grey     (after benchmarks/blind.py --seed 4 --only no-image)

A higher price of a miss should lower the miss rate and raise the false-flag rate, on cases that neither run has seen.
With ``--grey`` every picture is grey: prices decide where a reviewer is unsure, and who sees less is so more often.
The shipped recipe takes 80 steps; a model that sees needs more of them to follow the price.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import yaml
from rich.console import Console

from data import Briefs, Rulebook, load_cases
from rewards.scoring.rubric import SHIPPED
from rl.config.policy import GRPORecipe
from rl.demo import SPLITS, evaluate, precision
from rl.evaluation import Evaluation, compare_table
from rl.runs.folder import RunFolder
from rl.training import train

SHOWN = ("verdict_accuracy", "miss_rate", "false_flag_rate")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--miss", type=float, nargs=2, default=[1.0, 4.0])
    parser.add_argument("--steps", type=int, default=160)
    parser.add_argument("--grey", action="store_true", help="all pictures are grey, in training and in the test")
    parser.add_argument("--runs", type=Path, default=Path("runs/benchmarks/billboard"))
    arguments = parser.parse_args()
    bench = Bench(arguments.runs / f"seed-{arguments.seed}", arguments.seed, arguments.steps, arguments.grey)
    low, high = (bench.measure(bench.learn(price)) for price in arguments.miss)
    console = Console(width=150)
    console.print(compare_table([low, high]))
    for name, difference in high.difference(low, SHOWN).items():
        console.print(f"{name}: {difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]")


@dataclass
class Bench:
    """One seed's SFT model and cases, or those without pictures."""

    home: Path
    seed: int
    steps: int
    grey: bool

    @property
    def data(self) -> Path:
        return self.home / "data"

    def learn(self, miss: float) -> Path:
        """What GRPO makes of the SFT model at this price of a miss."""
        out = self.home / f"prices-{self.steps}{'-grey' if self.grey else ''}" / f"miss-{miss:g}"
        if not RunFolder(out).is_trained:
            out.mkdir(parents=True, exist_ok=True)
            recipe = GRPORecipe.load(
                "billboard/grpo",
                {
                    "seed": self.seed,
                    "data.train": [str(self.data / ("train-no-image.jsonl" if self.grey else "train.jsonl"))],
                    "data.rulebook": str(self.data / "rulebook.yaml"),
                    "model.path": str(self.home / ("variants/no-image" if self.grey else "sft")),
                    "rubric": str(rubric_with(miss, out / "rubric.yaml")),
                    "output": str(out),
                    "trainer.max_steps": self.steps,
                    **precision(),
                },
            )
            train(recipe)
        return out

    def measure(self, run: Path) -> Evaluation:
        """A run on both test splits together."""
        book, predictions = Rulebook.load(self.data / "rulebook.yaml"), []
        for split in SPLITS:
            cases = load_cases(self.data / f"{split}.jsonl")
            if self.grey:
                cases = [case.model_copy(update={"images": ["grey.png"]}) for case in cases]
            predictions += evaluate(run, Briefs.bind(cases, book), run / "evaluations" / split, split).predictions
        return Evaluation(run.name, "test and changed", predictions)


def rubric_with(miss: float, path: Path) -> Path:
    """Writes the shipped rubric with another price of a miss."""
    content = yaml.safe_load((SHIPPED / "billboard.yaml").read_text(encoding="utf-8"))
    content["prices"]["miss"] = miss
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


if __name__ == "__main__":
    main()
