"""Does the figure mean anything? Blind models, trained; constant answers; and what else the GRPO time could buy.

    python benchmarks/blind.py --seed 1          (after benchmarks/billboard.py --seeds 1)

Trained and measured on the same cases as the seed's SFT and GRPO models:

- **no image**: the picture is grey;
- **no excerpt**: the rules are hidden;
- **always approve**, **always reject**;
- **continued**: SFT goes on with *correct* labels on the cases that GRPO saw, for the wall time that GRPO took;
- **clean teacher**: SFT from scratch, with a teacher who never errs.
"""

import argparse
import json
import time
from collections.abc import Callable, Collection
from pathlib import Path

from PIL import Image
from rich.console import Console

from data import Brief, Briefs, Case, Rule, Rulebook, Ruling, Verdict, load_cases, save_cases
from prompts import target
from rl.config.train import SFTRecipe
from rl.demo import SPLITS, evaluate, precision
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.files import load_evaluation
from rl.evaluation.predictions import Prediction
from rl.evaluation.table import compare_table
from rl.runs.folder import RunFolder
from rl.runs.rollouts import read_rollouts

HIDDEN = Rule(id="RULES", title="not shown", text="The rules are not shown.")
Change = Callable[[Case], Case]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=Path, default=Path("runs/benchmarks/billboard"))
    parser.add_argument("--only", nargs="+", default=["no-image", "no-excerpt", "continued", "clean"])
    arguments = parser.parse_args()
    home = arguments.runs / f"seed-{arguments.seed}"
    book = Rulebook.load(home / "data" / "rulebook.yaml")
    bench = Bench(home, book, arguments.seed)
    grey = home / "data" / "grey.png"
    Image.new("RGB", (224, 224), (128, 128, 128)).save(grey)
    variants: dict[str, Callable[[], list[Evaluation]]] = {
        "no-image": lambda: bench.train("no-image", lambda case: case.model_copy(update={"images": [grey.name]})),
        "no-excerpt": lambda: bench.train("no-excerpt", bench.without_excerpt),
        "continued": bench.go_on,
        "clean": lambda: bench.train("clean", without_teacher),
    }
    rows = {name: variants[name]() for name in arguments.only}
    rows["sft"] = [load_evaluation(home / "evaluations" / split / "sft") for split in SPLITS]
    rows["grpo"] = [load_evaluation(home / "evaluations" / split / "grpo") for split in SPLITS]
    console = Console(width=220)
    for place, split in enumerate(SPLITS):
        constant = [bench.constant(split, verdict) for verdict in ("approve", "reject")]
        console.print(compare_table([*constant, *(row[place] for row in rows.values())]))
        for name in ("continued", "clean", "sft"):
            if name in rows:
                gain = rows["grpo"][place].difference(rows[name][place], ("verdict_accuracy",))["verdict_accuracy"]
                console.print(f"{split}: GRPO less {name}: {gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]")


class Bench:
    """Trains and measures variants of one seed's SFT model."""

    def __init__(self, home: Path, book: Rulebook, seed: int):
        self.home, self.book, self.seed = home, book, seed

    def train(
        self, name: str, change: Change, seen: Collection[str] | None = None, **overrides: object
    ) -> list[Evaluation]:
        """SFT on changed training cases, or only on those that were seen, measured on test cases changed alike."""
        out = self.home / "variants" / name
        if not RunFolder(out).is_trained:
            train = self.home / "data" / f"train-{name}.jsonl"
            cases = load_cases(self.home / "data" / "train.jsonl")
            save_cases([change(case) for case in cases if seen is None or case.id in seen], train)
            settings: dict[str, object] = {
                "seed": self.seed,
                "data.train": [str(train)],
                "data.rulebook": str(self.home / "data" / "rulebook.yaml"),
                "output": str(out),
                **precision(),
            }
            train(SFTRecipe.load("billboard/sft", settings | overrides))
        return [evaluate(out, self._briefs(split, change), out / "evaluations" / split, split) for split in SPLITS]

    def go_on(self) -> list[Evaluation]:
        """SFT goes on with correct labels on GRPO's cases, for the time that GRPO took."""
        seconds = load_seconds(self.home)
        steps = max(1, round(seconds["grpo"] / seconds["sft"] * SFTRecipe.load("billboard/sft").trainer["max_steps"]))
        begin = time.monotonic()
        overrides = {"model": {"path": str(self.home / "sft"), "attn_implementation": "eager"}, "max_steps": steps}
        seen = {rollout.episode.case for rollout in read_rollouts(self.home / "grpo")}
        found = self.train("continued", without_teacher, seen, **overrides, learning_rate=5e-4)
        print(f"continued for {steps} steps on {len(seen)} cases, {time.monotonic() - begin:.0f} s with evaluation")
        return found

    def without_excerpt(self, case: Case) -> Case:
        """The same case and rulings, with the rules hidden; gold stays what it is under the real excerpt."""
        assert case.gold is not None
        ruling = target(case, Brief.of(case, self.book).excerpt)
        gold = case.gold.model_copy(update={"exhaustive": False})
        return case.model_copy(update={"rules": [HIDDEN], "teacher": ruling, "gold": gold})

    def constant(self, split: str, verdict: Verdict) -> Evaluation:
        """Always the same verdict."""
        ruling = Ruling(verdict=verdict, confidence=0.5)
        predictions = [Prediction.of(ruling, brief) for brief in self._briefs(split)]
        return Evaluation(f"always {verdict}", split, predictions)

    def _briefs(self, split: str, change: Change = lambda case: case) -> Briefs:
        return Briefs.bind(map(change, load_cases(self.home / "data" / f"{split}.jsonl")), self.book)


def without_teacher(case: Case) -> Case:
    """The case with nothing but gold to learn from."""
    return case.model_copy(update={"teacher": None})


def load_seconds(home: Path) -> dict[str, float]:
    """How long each stage of the seed's run took."""
    seconds: dict[str, float] = json.loads((home / "summary.json").read_text(encoding="utf-8"))["seconds"]
    return seconds


if __name__ == "__main__":
    main()
