"""Can a reward model tell the better of two rulings, what fools it, and does a policy get better by it alone?

    python benchmarks/reward_model.py --seed 21              (after benchmarks/billboard.py --seeds 21)
    python benchmarks/reward_model.py --seed 21 --no-grpo    (pairs, reward model and audit alone)

Pairs come from the rollouts of the seed's GRPO and from what its SFT model writes at temperature 1 about some of the
training cases, by the shipped rubric, matched by length, and at least MARGIN apart: what less decides is the business
of gates and penalties. Those on a fifth of the cases, by groups, are held out. A policy that is right four times in
five leaves too few pairs for a model this small to learn from, so about the other cases gold and what hasty annotators
write (`data.billboard.teacher`) are paired as well; what is held out are rollouts alone.

Then the reward model is trained (`billboard/reward`), measured on the pairs held out, and audited as the only reward
of a rubric; and the SFT model goes on learning by GRPO from that reward alone. What that is worth is the shipped
rubric's total, on cases that nobody has seen, paired with the SFT model's. What is there already is not made again.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import yaml
from rich.console import Console

from data import Brief, Briefs, Rulebook, load_cases
from data.billboard.teacher import Teacher
from prompts import target, write
from rewards import Rubric
from rewards.audit import audit
from rl.config.decoding import Decoding
from rl.config.policy import GRPORecipe
from rl.config.train import RewardRecipe
from rl.curation.pairs import Wanted, make_pairs
from rl.demo import evaluate, precision
from rl.evaluation import evaluate_model
from rl.evaluation.page.pairs import write_pairs_page
from rl.evaluation.pairwise.evaluate import PairEvaluation, evaluate_pairs
from rl.evaluation.pairwise.table import pairs_notes, pairs_table
from rl.evaluation.statistics import Difference, paired_difference
from rl.runs.folder import RunFolder
from rl.runs.preferences import read_preferences, save_preferences
from rl.runs.written import Written, read_completions
from rl.terminal.audit import audit_tables
from rl.training import train

SAMPLES, TEMPERATURE = 4, 1.0
MARGIN = 1.0
"""More than any craft is worth, so that one of the two rulings has the wrong verdict, or contradicts itself."""
HASTE = 0.6
"""How often annotators miss a violation, or invent one."""
AUDITED = 120
"""Cases of the test set that the audit draws."""
PATIENCE = 600.0
"""Seconds that the reward model may take for a batch of the audit, on a CPU that does other things too."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--cases", type=int, default=3500, help="training cases that the SFT model writes about")
    parser.add_argument("--steps", type=int, default=80, help="of GRPO by the reward model alone")
    parser.add_argument("--no-grpo", action="store_true")
    parser.add_argument("--runs", type=Path, default=Path("runs/benchmarks/billboard"))
    parser.add_argument("--out", type=Path, help="instead of the folder 'reward' beside the seed's runs")
    arguments = parser.parse_args()
    home = arguments.runs / f"seed-{arguments.seed}"
    bench = Bench(home, arguments.out or home / "reward", arguments.seed, arguments.cases, arguments.steps)
    console = Console(width=150, highlight=False)
    measured = bench.measure()
    console.print(pairs_table(measured), pairs_notes(measured))
    console.print(*audit_tables(audit(Rubric.load(bench.alone()), bench.briefs("test"), sample=AUDITED)), sep="\n")
    if not arguments.no_grpo:
        for split in ("test", "changed"):
            found = bench.gain(split)
            interval = f"[{found.low:+.3f}, {found.high:+.3f}]"
            console.print(f"{split}: the rubric's total, less the SFT model's: {found.value:+.3f} {interval}")


def hasty(briefs: Sequence[Brief], seed: int) -> list[Written]:
    """Gold's ruling on each case, and those of two annotators who err as often at one rule as at another."""
    found, teacher = [], Teacher((1,), HASTE, random.Random(seed))
    for brief in briefs:
        assert brief.case.gold is not None
        rulings = [target(brief.case, brief.excerpt, imitate=False)]
        rulings += [teacher.rule_on(brief.case.gold, brief.excerpt, brief.case.text["body"]) for _ in range(2)]
        found += [Written(brief.id, write(ruling), Path("annotators"), 0) for ruling in rulings]
    return found


@dataclass(frozen=True)
class Bench:
    """One seed's runs, and the folder of what is made of them."""

    home: Path
    out: Path
    seed: int
    cases: int
    steps: int

    @property
    def sft(self) -> Path:
        return self.home / "sft"

    def briefs(self, split: str) -> Briefs:
        return Briefs.bind(load_cases(self.home / "data" / f"{split}.jsonl"), self.book)

    @property
    def book_file(self) -> Path:
        return self.home / "data" / "rulebook.yaml"

    @cached_property
    def book(self) -> Rulebook:
        return Rulebook.load(self.book_file)

    def pairs(self) -> tuple[Path, Path]:
        """Pairs to learn from, and pairs held out."""
        files = self.out / "pairs" / "train.jsonl", self.out / "pairs" / "test.jsonl"
        if not all(file.is_file() for file in files):
            briefs = self.briefs("train")
            decoding = Decoding("compact", 128, TEMPERATURE, SAMPLES, self.seed, 128)
            drawn = self.out / "drawn"
            evaluate_model(self.sft, briefs[: self.cases], drawn, split="train", decoding=decoding)
            written = [*read_completions(self.home / "grpo"), *read_completions(drawn / "predictions.parquet")]
            rubric, wanted = Rubric.load("billboard"), Wanted(margin=MARGIN, seed=self.seed)
            held_out = make_pairs(written, briefs, rubric, wanted).test
            apart = {pair.brief(briefs).case.cluster for pair in held_out}
            others = [brief for brief in briefs if brief.case.cluster not in apart]
            written = [one for one in written if briefs[one.case].case.cluster not in apart]
            written += hasty(others, self.seed)
            found = make_pairs(written, briefs, rubric, replace(wanted, held_out=0.01, margin=MARGIN / 2, most=3))
            for file, part in zip(files, (found.train, held_out), strict=True):
                save_preferences(part, file)
        return files

    def model(self) -> Path:
        """The reward model."""
        run = self.out / "model"
        if not RunFolder(run).is_trained:
            pairs, held_out = self.pairs()
            train(RewardRecipe.load("billboard/reward", {
                "pairs": str(pairs),
                "valid_pairs": str(held_out),
                "model.path": str(self.home / "grpo"),
                **self._common(run),
            }))  # fmt: skip
        return run

    def measure(self) -> PairEvaluation:
        """The reward model on the pairs held out."""
        model, (_, held_out) = self.model(), self.pairs()
        found = evaluate_pairs(model, read_preferences(held_out), self.briefs("train"), self.out / "evaluation")
        write_pairs_page(self.out / "evaluation" / "report.html", found)
        return found

    def alone(self) -> Path:
        """A rubric whose only reward is the reward model."""
        settings = {"weight": 1, "model": str(self.model()), "template": "compact", "batch_size": 64}
        content = {"name": "reward-model-alone", "only": {"reward_model": settings}, "time_limit": PATIENCE}
        path = self.out / "alone.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return path

    def policy(self) -> Path:
        """What GRPO makes of the SFT model by that rubric."""
        run = self.out / f"grpo-{self.steps}"
        if not RunFolder(run).is_trained:
            train(GRPORecipe.load("billboard/grpo", {
                "rubric": str(self.alone()),
                "model.path": str(self.sft),
                "trainer.max_steps": self.steps,
                **self._common(run),
            }))  # fmt: skip
        return run

    def gain(self, split: str) -> Difference:
        """How much higher the shipped rubric's total is than the SFT model's, over cases, with its interval."""
        briefs, rubric = self.briefs(split), Rubric.load("billboard")
        clusters = [brief.case.cluster for brief in briefs]
        totals = []
        for run in (self.policy(), self.sft):
            found = evaluate(run, briefs, self.out / "evaluations" / split / run.name, split)
            by_case = {prediction.case: prediction.completion or "" for prediction in found.predictions}
            cards = rubric.score_many([by_case[brief.id] for brief in briefs], list(briefs))
            totals.append(np.array([[card.total, 1.0] for card in cards], dtype=float))
        bounds = (rubric.floor, max(2.0, float(max(total[:, 0].max() for total in totals))))

        def mean(sums: np.ndarray) -> dict[str, np.ndarray]:
            return {"total": sums[..., 0] / sums[..., 1]}

        after, before = totals
        return paired_difference(after, before, clusters, mean, bounds=bounds)["total"]

    def _common(self, run: Path) -> dict[str, object]:
        data = {"data.train": [str(self.home / "data" / "train.jsonl")], "data.rulebook": str(self.book_file)}
        return {"seed": self.seed, "output": str(run), **data, **precision()}


if __name__ == "__main__":
    main()
