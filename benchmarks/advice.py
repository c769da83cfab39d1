"""Does a reward for advice that works make advice work?

    python benchmarks/advice.py --seeds 1

Each seed draws Billboard with edits and trains a tiny model by the recipe `billboard/sft`; from there GRPO goes on by
`billboard/grpo`, once with the rubric `billboard_advice` and once with `billboard`, which does not look at edits. On
ads that none has seen: fixed at first try, needless change, refused to fix what words cannot, and verdict accuracy, of
each with intervals over ads; and what GRPO gained, in pairs. A run that was stopped goes on.
"""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from data import Briefs, Rulebook, load_cases
from data.billboard import BillboardConfig, build
from rl.config.evaluate import EvalRecipe
from rl.config.policy import GRPORecipe
from rl.config.train import SFTRecipe
from rl.demo import precision
from rl.evaluation import Evaluation, compare_table, evaluate_model
from rl.runs.folder import RunFolder
from rl.training import train

SHOWN = ("fixed_at_first_try", "needless_change", "refused_to_fix", "verdict_accuracy", "parse_rate")
TOKENS = 288
"""A completion may have as many: edits come on top of what the recipes foresee."""
RUBRICS = {"advice": "billboard_advice", "plain": "billboard"}
"""What GRPO is rewarded by."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--level", choices=("demo", "full"), default="full")
    parser.add_argument("--cases", type=int, default=16000)
    parser.add_argument("--test-cases", type=int, default=2000)
    parser.add_argument("--sft-steps", type=int, default=900)
    parser.add_argument("--grpo-steps", type=int, default=80)
    parser.add_argument("--batch", type=int, default=128, help="completions in a step of GRPO")
    parser.add_argument("--noise", type=float, default=0.17, help="of the annotations that SFT imitates")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks/advice"))
    arguments = parser.parse_args()
    console = Console(width=170)
    for seed in arguments.seeds:
        out = arguments.out / f"seed-{seed}"
        found = run(seed, out, arguments)
        console.print(compare_table(list(found.values())))
        gains = {name: found[name].difference(found["sft"], SHOWN) for name in RUBRICS}
        for name, gain in gains.items():
            told = ", ".join(f"{what} {g.value:+.3f} [{g.low:+.3f}, {g.high:+.3f}]" for what, g in gain.items())
            console.print(f"seed {seed}: {name} less sft: {told}")
        told = {name: {what: asdict(g) for what, g in gain.items()} for name, gain in gains.items()}
        (out / "summary.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def run(seed: int, out: Path, arguments: argparse.Namespace) -> dict[str, Evaluation]:
    """One seed: the evaluations of the model after SFT and after each GRPO."""
    data = out / "data"
    if not (data / "changed.jsonl").is_file():
        build(
            BillboardConfig(arguments.cases, arguments.test_cases, seed, arguments.level, arguments.noise, edits=True),
            data,
        )
    steps = arguments.sft_steps
    _trained(out / "sft", SFTRecipe, seed, data, {
        "max_steps": steps, "lr_scheduler_kwargs": {"num_decay_steps": max(1, steps // 4)},
    })  # fmt: skip
    for name, rubric in RUBRICS.items():
        _trained(out / name, GRPORecipe, seed, data, {
            "model.path": str(out / "sft"), "rubric": rubric, "max_steps": arguments.grpo_steps,
            "max_completion_length": TOKENS, "per_device_train_batch_size": arguments.batch,
        })  # fmt: skip
    briefs = Briefs.bind(load_cases(data / "test.jsonl"), Rulebook.load(data / "rulebook.yaml"))
    decoding = replace(EvalRecipe.load("billboard/eval").decoding, max_new_tokens=TOKENS)
    return {
        name: evaluate_model(out / name, briefs, out / "evaluations" / name, name=name, decoding=decoding)
        for name in ("sft", *RUBRICS)
    }


def _trained(
    run: Path, recipe: type[SFTRecipe] | type[GRPORecipe], seed: int, data: Path, settings: dict[str, Any]
) -> None:
    """Trains by a shipped recipe with other settings, unless that is done."""
    if RunFolder(run).is_trained:
        return
    every = {"seed": seed, "data.train": [str(data / "train.jsonl")], "output": str(run), **precision(), **settings}
    every["data.rulebook"] = str(data / "rulebook.yaml")
    train(recipe.load(f"billboard/{recipe.kind}", every), resume=True)


if __name__ == "__main__":
    main()
