"""What is gold without reasoning worth? Self-distillation against GRPO and three ways of SFT, for the same time.

    python benchmarks/distil.py --seeds 21 22 23

Each seed draws its own Billboard, with the teacher who tires, and trains one SFT model on it: of half of its lessons
the prompt tells the ruling beforehand, since a model that starts from nothing has to learn to follow feedback. From
that model, on the same 2,560 cases and for the same wall time, go on:

- **distil-gold**, **distil-scorecard**, **distil-findings**: the shipped recipe, by what the teacher is told;
- **forward**, **jensen_shannon**, **average**, **itself**, **mixed**: variants of distil-gold, by direction, by the
  teacher's lag, and with GRPO's loss beside it;
- **grpo**, **ppo**: the shipped recipes;
- **together**, **product**, **both**: GRPO with twins drawn together, paid each alone and in the two ways of `pair`;
- **rejection**: SFT on the best of four of its own rulings on each case, by the rubric; writing them counts;
- **answers**: SFT on gold's answers without reasoning;
- **ceiling**: SFT on gold's rulings with right reasoning, which the others do not see.

How many steps fit into the time is told from the pace of a few; what is there already is not run again. Differences
are paired on the same unseen ads.
"""

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from data import Briefs, Case, Rulebook, load_cases, save_cases
from data.billboard import BillboardConfig, build
from data.files import write_json
from prompts import ParseFailure, parse, target
from rewards import Rubric
from rl.config.decoding import Decoding
from rl.config.train import TrainRecipe
from rl.demo import SPLITS, DemoConfig, evaluate, precision
from rl.evaluation import Evaluation, compare_table
from rl.generation.episodes import write_episodes
from rl.runs.folder import RunFolder
from rl.terminal.snapshot import Snapshot
from rl.training.registry import load_recipe, train

COMPARED = ("verdict_accuracy", "miss_rate", "false_flag_rate", "flip_recall", "pair_accuracy", "parse_rate")
SEEN, SAMPLES, PROBE = 2560, 4, 6
"""Training cases, rulings on each to choose from, and steps by which the pace is told."""
ON_POLICY: dict[str, tuple[str, dict[str, Any]]] = {
    "distil-gold": ("distil", {"distil.feedback": "gold"}),
    "distil-scorecard": ("distil", {"distil.feedback": "scorecard"}),
    "distil-findings": ("distil", {"distil.feedback": "findings"}),
    "forward": ("distil", {"distil.divergence": "forward"}),
    "jensen_shannon": ("distil", {"distil.divergence": "jensen_shannon"}),
    "average": ("distil", {"distil.decay": 0.95}),
    "itself": ("distil", {"distil.decay": 0.0}),
    "mixed": (
        "distil",
        {"distil.grpo": 0.5, "num_generations": 4, "scale_rewards": "batch", "per_device_train_batch_size": 128},
    ),
    "grpo": ("grpo", {}),
    "ppo": ("ppo", {}),
    "together": ("grpo", {"pair": {"share": 0.0}}),
    "product": ("grpo", {"pair": {"kind": "product"}}),
    "both": ("grpo", {"pair": {"kind": "both"}}),
}
"""By name: the kind of training, and what is changed of the shipped recipe."""
IMITATING = ("rejection", "answers", "ceiling")
MAIN = ("distil-gold", "distil-scorecard", "grpo", "ppo", *IMITATING)


class Bench:
    """One seed's runs, of so many seconds each."""

    def __init__(self, home: Path, seed: int, seconds: float, sft_steps: int | None = None):
        self.home, self.seed, self.seconds, self.sft_steps = home, seed, seconds, sft_steps

    def draw(self, cases: int, test_cases: int) -> None:
        """Draws the ads, unless they are there."""
        if not self.data("train").is_file():
            build(BillboardConfig(cases, test_cases, self.seed, "demo", DemoConfig.teacher_noise), self.home / "data")
        self.book = Rulebook.load(self.home / "data" / "rulebook.yaml")
        self.seen = load_cases(self.data("train"))[:SEEN]
        self.split = {name: Briefs.bind(load_cases(self.data(name)), self.book) for name in SPLITS}

    def data(self, split: str) -> Path:
        return self.home / "data" / f"{split}.jsonl"

    @property
    def start(self) -> Path:
        """The model that all go on from."""
        run = self.home / "start"
        if not RunFolder(run).is_trained:
            steps = {} if self.sft_steps is None else {"max_steps": self.sft_steps}
            train(self._recipe("sft", self.data("train"), run, feedback=0.5, **steps), resume=True)
        return run

    def run(self, name: str) -> Path:
        """Trains by a method, unless that is done; how long it took stands in ``seconds.json``."""
        run = self.home / name
        if RunFolder(run).is_trained:
            return run
        kind, changes = ON_POLICY.get(name, ("sft", {"lr_scheduler_type": "linear", "lr_scheduler_kwargs": None}))
        file, spent = self._cases(name)
        changes = {"model.path": str(self.start), "learning_rate": 5e-4} | changes if kind == "sft" else changes
        changes |= {"model.path": str(self.start)}
        pace = self._pace(self._recipe(kind, file, run.with_name(f"{name}-pace"), **changes, max_steps=PROBE))
        steps = max(1, round((self.seconds - spent) / pace))
        begin = time.monotonic()
        train(self._recipe(kind, file, run, **changes, max_steps=steps), resume=True)
        told = {"steps": steps, "training": time.monotonic() - begin, "writing": spent}
        write_json(run / "seconds.json", told)
        return run

    def evaluations(self, name: str) -> list[Evaluation]:
        """Of every split."""
        run = self.start if name == "start" else self.run(name)
        return [evaluate(run, briefs, run / "evaluations" / split, split) for split, briefs in self.split.items()]

    def _recipe(self, kind: str, file: Path, out: Path, **changes: Any) -> TrainRecipe:
        settings = {
            "seed": self.seed,
            "data.train": [str(file)],
            "data.rulebook": str(self.home / "data" / "rulebook.yaml"),
            "output": str(out),
            **precision(),
        }
        if "model.path" in changes and kind == "sft":
            settings["model"] = {"path": changes.pop("model.path"), "attn_implementation": "eager"}
        return load_recipe(kind, f"billboard/{kind}", settings | changes)

    def _pace(self, recipe: TrainRecipe) -> float:
        """Seconds a step, the first left out."""
        ends: list[float] = []

        def watch(snapshot: Snapshot) -> None:
            ends.append(time.monotonic())

        train(recipe, watch=watch)
        return (ends[-1] - ends[1]) / (len(ends) - 2)

    def _cases(self, name: str) -> tuple[Path, float]:
        """The cases that a method learns from, and the seconds that it took to make them."""
        file, told = self.home / "data" / f"seen-{name}.jsonl", self.home / "data" / f"seen-{name}.json"
        if not told.is_file():
            begin = time.monotonic()
            change = {"rejection": self._best, "answers": self._answers}.get(name, _without_teacher)
            save_cases(change(self.seen), file)
            write_json(told, time.monotonic() - begin if name == "rejection" else 0.0)
        spent: float = json.loads(told.read_text(encoding="utf-8"))
        return file, spent

    def _answers(self, cases: list[Case]) -> list[Case]:
        """What gold rules, without why."""
        rulings = [target(brief.case, brief.excerpt, imitate=False) for brief in Briefs.bind(cases, self.book)]
        silent = [ruling.model_copy(update={"reasoning": ""}) for ruling in rulings]
        return [case.model_copy(update={"teacher": said}) for case, said in zip(cases, silent, strict=True)]

    def _best(self, cases: list[Case]) -> list[Case]:
        """The best of the model's own rulings on each case; cases on which none has a right verdict are left out."""
        rubric, briefs = Rubric.load("billboard"), Briefs.bind(_without_teacher(cases), self.book)
        decoding = Decoding(temperature=0.7, samples=SAMPLES, seed=self.seed, max_new_tokens=128, batch_size=128)
        written = write_episodes(self.start, briefs, decoding)
        found: list[Case] = []
        for brief, episodes in zip(briefs, written.by_brief, strict=True):
            cards = rubric.score_many(episodes, [brief] * len(episodes))
            paid = [(card.total, place) for place, card in enumerate(cards) if card.right and card.total is not None]
            if paid:
                ruling = parse(episodes[max(paid)[1]].completion)
                assert not isinstance(ruling, ParseFailure), "its verdict is right"
                found.append(brief.case.model_copy(update={"teacher": ruling}))
        return found


def _without_teacher(cases: list[Case]) -> list[Case]:
    """With nothing but gold to learn from."""
    return [case.model_copy(update={"teacher": None}) for case in cases]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[21, 22, 23])
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks/distil"))
    parser.add_argument("--only", nargs="+", choices=[*ON_POLICY, *IMITATING], default=list(MAIN))
    parser.add_argument("--seconds", type=float, default=600.0, help="of training, for each method")
    parser.add_argument("--cases", type=int, default=DemoConfig.cases, help="that the SFT model learns from")
    parser.add_argument("--sft-steps", type=int, help="of the model that all go on from; the recipe's if not given")
    parser.add_argument("--test-cases", type=int, default=2000)
    arguments = parser.parse_args()
    console = Console(width=200)
    for seed in arguments.seeds:
        home = arguments.out / f"seed-{seed}"
        bench = Bench(home, seed, arguments.seconds, arguments.sft_steps)
        bench.draw(arguments.cases, arguments.test_cases)
        found = {name: bench.evaluations(name) for name in ("start", *arguments.only)}
        content: dict[str, Any] = {}
        for place, split in enumerate(SPLITS):
            console.print(compare_table([evaluations[place] for evaluations in found.values()]))
            for name, than in [(name, than) for than in ("start", "grpo") for name in found if than in found]:
                if name == than:
                    continue
                gains = found[name][place].difference(found[than][place], COMPARED)
                content[f"{split}: {name} less {than}"] = {metric: asdict(gain) for metric, gain in gains.items()}
                gain = gains["verdict_accuracy"]
                told = f"{gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"
                console.print(f"seed {seed}, {split}: {name} less {than}: {told}")
        write_json(home / "summary.json", content)


if __name__ == "__main__":
    main()
