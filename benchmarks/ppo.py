"""Does PPO beat SFT, and GRPO, on Billboard? And does its critic see?

    python benchmarks/ppo.py --seeds 1 2 3          (after benchmarks/billboard.py --seeds 1 2 3)

From the SFT model of each seed, on its data: the shipped recipe `billboard/ppo`, which draws as many completions as
`billboard/grpo` does, and variants of it, on the same unseen ads and with paired intervals over them.

- **ppo**: the recipe, one completion a case;
- **ppo-g4**: four completions a case, as GRPO has them;
- **grpo-as-long**: GRPO, for the wall time that PPO took;
- **masked**, **joint**: GRPO with what the stated confidence earns for the tokens that state it alone, or for all.

Then what share of the variance of what unseen rollouts earn the critic explains, and how much of it where it is shown
grey pictures; the completions are those written about the real ones.
"""

import argparse
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from rich.console import Console

from data import Briefs, Rulebook, load_cases
from rl.config.policy import GRPORecipe, PPORecipe
from rl.demo import evaluate, precision
from rl.evaluation import Evaluation, compare_table
from rl.runs.checkpoints import newest_checkpoint
from rl.runs.folder import RunFolder
from rl.training import train
from rl.training.advantages.moments import explained_variance, moments
from rl.training.ppo import PPOStage
from rl.training.trainers.ppo import RulingPPOTrainer

SPLIT = "test"
COMPARED = ("verdict_accuracy", "miss_rate", "false_flag_rate", "brier", "parse_rate")
VARIANTS: dict[str, tuple[type[GRPORecipe] | type[PPORecipe], dict[str, Any]]] = {
    "ppo": (PPORecipe, {}),
    "ppo-g4": (PPORecipe, {"num_generations": 4}),
    "grpo-as-long": (GRPORecipe, {}),
    "joint": (GRPORecipe, {"credit": "joint"}),
    "masked": (GRPORecipe, {"credit": "masked"}),
}
PAIRS = (("ppo", "sft"), ("ppo", "grpo"), ("ppo-g4", "grpo"), ("ppo", "grpo-as-long"), ("masked", "joint"))


@dataclass(frozen=True)
class Sight:
    """What share of the variance of unseen rollouts' totals a critic explains, 1 at most."""

    real: float
    grey: float
    rollouts: int


class Bench:
    """One seed's runs."""

    def __init__(self, home: Path, seed: int, cases: int):
        self.home, self.seed = home, seed
        book = Rulebook.load(home / "data" / "rulebook.yaml")
        self.briefs = Briefs.bind(load_cases(home / "data" / f"{SPLIT}.jsonl")[:cases], book)
        self.read = {"data": [str((home / "data" / f"{SPLIT}.jsonl").resolve())]}

    def run(self, name: str, out: Path) -> Path:
        """Trains a variant, unless that is done; how long it took stands in ``seconds.json``."""
        run, told = out / name, out / name / "seconds.json"
        if not RunFolder(run).is_trained:
            recipe, overrides = VARIANTS[name]
            begin = time.monotonic()
            if name == "grpo-as-long":
                overrides = overrides | {"max_steps": self._steps_as_long(out)}
            train(recipe.load(f"billboard/{recipe.kind}", self._settings(run) | overrides))
            told.write_text(json.dumps(time.monotonic() - begin), encoding="utf-8")
        return run

    def evaluation(self, name: str, run: Path, out: Path) -> Evaluation:
        return evaluate(run, self.briefs, out / "evaluations" / name, SPLIT, self.read)

    def sight(self, run: Path, rollouts: int) -> Sight:
        """How much of what the policy's completions on unseen ads earn its critic foresees, token by token."""
        with tempfile.TemporaryDirectory() as scratch:
            settings = self._settings(Path(scratch)) | {
                "model.path": str(self.home / "sft"),
                "data.train": [str(self.home / "data" / f"{SPLIT}.jsonl")],
                "shared_prefix": False,  # pictures are to stand in the batch, where they can be greyed
            }
            trainer = _trainer(PPORecipe.load("billboard/ppo", settings), newest_checkpoint(RunFolder(run)))
            found: dict[str, list[torch.Tensor]] = {"real": [], "grey": [], "earned": []}
            size = trainer.args.per_device_train_batch_size
            with torch.no_grad():
                for first in range(0, rollouts, size):
                    rows = [trainer.train_dataset[row] for row in range(first, min(first + size, rollouts))]
                    for name, values in _foreseen(trainer, rows).items():
                        found[name].append(values)
        earned, (real, grey) = torch.cat(found["earned"]), (torch.cat(found[name]) for name in ("real", "grey"))
        everywhere = torch.ones_like(earned)
        shares = (
            explained_variance(moments(earned - values, everywhere), moments(earned, everywhere))
            for values in (real, grey)
        )
        return Sight(*shares, rollouts)

    def _settings(self, run: Path) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "data.train": [str(self.home / "data" / "train.jsonl")],
            "data.rulebook": str(self.home / "data" / "rulebook.yaml"),
            "model.path": str(self.home / "sft"),
            "output": str(run),
            **precision(),
        }

    def _steps_as_long(self, out: Path) -> int:
        """How many steps GRPO takes in the time that PPO took; both on an otherwise idle machine, one hopes."""
        grpo = json.loads((self.home / "summary.json").read_text(encoding="utf-8"))["seconds"]["GRPO"]
        steps = int(GRPORecipe.load("billboard/grpo").trainer["max_steps"])
        return max(1, round(json.loads((out / "ppo" / "seconds.json").read_text()) / grpo * steps))


def _trainer(recipe: PPORecipe, checkpoint: Path | None) -> RulingPPOTrainer:
    """A trained policy and its critic."""
    stage = PPOStage(recipe)
    parts = stage._parts(recipe.arguments(), stage.prepare(), checkpoint)
    trainer = stage.trainer(parts)
    assert isinstance(trainer, RulingPPOTrainer)
    trainer.model.eval()
    return trainer


def _foreseen(trainer: RulingPPOTrainer, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """Of each own token of new completions: what was earned, and what was foreseen, the picture real or grey."""
    batch = trainer._generate_and_score_completions(rows)
    mask = batch["tool_mask"].bool()
    earned = trainer._totals.nan_to_num().expand_as(batch["old_values"])  # without discount, from every token on
    plain = Image.new("RGB", (224, 224), (128, 128, 128))
    processor: Any = trainer.processing_class
    patch = processor.image_processor(images=[plain], return_tensors="pt")["pixel_values"][:1]
    blind = {name: value for name, value in batch.items() if name != "old_per_token_logps"}
    blind["pixel_values"] = patch.to(batch["pixel_values"]).expand_as(batch["pixel_values"])
    grey, _ = trainer.foresee(blind)
    return {"real": batch["old_values"][mask], "grey": grey[mask], "earned": earned[mask]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--runs", type=Path, default=Path("runs/benchmarks/billboard"), help="of billboard.py")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks/ppo"))
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=["ppo"])
    parser.add_argument("--cases", type=int, default=2000, help="of the test split")
    parser.add_argument("--rollouts", type=int, default=512, help="that the critic has not learned from")
    arguments = parser.parse_args()
    console = Console(width=200)
    for seed in arguments.seeds:
        home, out = arguments.runs / f"seed-{seed}", arguments.out / f"seed-{seed}"
        bench = Bench(home, seed, arguments.cases)
        runs = {"sft": home / "sft", "grpo": home / "grpo"}
        runs |= {name: bench.run(name, out) for name in VARIANTS if name in arguments.only}
        found = {name: bench.evaluation(name, run, out) for name, run in runs.items()}
        console.print(compare_table(list(found.values())))
        content: dict[str, Any] = {}
        for name, than in PAIRS:
            if name in found and than in found:
                gains = found[name].difference(found[than], COMPARED)
                content[f"{name} less {than}"] = {metric: asdict(gain) for metric, gain in gains.items()}
                told = ", ".join(f"{m} {g.value:+.4f} [{g.low:+.4f}, {g.high:+.4f}]" for m, g in gains.items())
                console.print(f"seed {seed}: {name} less {than}: {told}")
        for name in ("ppo", "ppo-g4"):
            if name in runs:
                sight = bench.sight(runs[name], arguments.rollouts)
                content[f"sight of {name}"] = asdict(sight)
                console.print(
                    f"seed {seed}: {name}'s critic explains {sight.real:.3f}, of grey pictures {sight.grey:.3f}"
                )
        (out / "summary.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
