"""Do prices do what they say? GRPO twice from one SFT model, with nothing changed but the price of a miss.

    python benchmarks/prices.py --seed 4          (after benchmarks/billboard.py --seeds 4)

A higher price of a miss should lower the miss rate and raise the false-flag rate, on cases that neither run has seen.
That is read twice: greedily, as a model is used, and of the policy that samples, which is what GRPO trains.
"""

import argparse
from pathlib import Path

import yaml
from rich.console import Console

from data import Rulebook, load_cases
from rewards.rubric import SHIPPED
from rl.demo import SPLITS, precision
from rl.evaluation import Evaluation, compare_table, evaluate_model
from rl.grpo import train_grpo
from rl.models import FINAL
from rl.recipe import EvalRecipe, GRPORecipe

SHOWN = ("verdict_accuracy", "miss_rate", "false_flag_rate")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--miss", type=float, nargs=2, default=[1.0, 4.0])
    parser.add_argument("--samples", type=int, default=2, help="completions per case of the policy that samples")
    parser.add_argument("--runs", type=Path, default=Path("runs/benchmarks/billboard"))
    arguments = parser.parse_args()
    home = arguments.runs / f"seed-{arguments.seed}"
    runs = [learn(home, price, arguments.seed) for price in arguments.miss]
    console = Console(width=150)
    for title, decoding in {
        "greedy": {},
        "sampled": {"decoding.temperature": 1.0, "decoding.samples": arguments.samples},
    }.items():
        low, high = (measure(home, run, title, decoding) for run in runs)
        console.print(title, compare_table([low, high]))
        for name, difference in high.difference(low, SHOWN).items():
            console.print(f"{name}: {difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]")


def learn(home: Path, miss: float, seed: int) -> Path:
    """What GRPO makes of the seed's SFT model at this price of a miss."""
    out = home / "prices" / f"miss-{miss:g}"
    if not (out / FINAL).is_dir():
        out.mkdir(parents=True, exist_ok=True)
        recipe = GRPORecipe.load(
            "billboard/grpo",
            {
                "seed": seed,
                "data.train": [str(home / "data" / "train.jsonl")],
                "data.rulebook": str(home / "data" / "rulebook.yaml"),
                "model.path": str(home / "sft"),
                "rubric": str(rubric_with(miss, out / "rubric.yaml")),
                "output": str(out),
                **precision(),
            },
        )
        train_grpo(recipe)
    return out


def measure(home: Path, run: Path, title: str, decoding: dict[str, object]) -> Evaluation:
    """A run on both test splits together; what has been written already is read."""
    recipe = EvalRecipe.load("billboard/eval", {"model.path": str(run), **decoding})
    book, predictions = Rulebook.load(home / "data" / "rulebook.yaml"), []
    for split in SPLITS:
        cases = load_cases(home / "data" / f"{split}.jsonl")
        out = run / "evaluations" / title / split
        predictions += evaluate_model(run, cases, book, out, split=split, decoding=recipe.decoding).predictions
    return Evaluation(run.name, "test and changed", predictions)


def rubric_with(miss: float, path: Path) -> Path:
    """Writes the shipped rubric with another price of a miss."""
    content = yaml.safe_load((SHIPPED / "billboard.yaml").read_text(encoding="utf-8"))
    content["prices"]["miss"] = miss
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


if __name__ == "__main__":
    main()
