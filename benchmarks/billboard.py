"""Does GRPO beat SFT on Billboard, for seeds that nobody tuned on?

    python benchmarks/billboard.py --seeds 1 2 3

Each seed draws its own data, initialises its own model and samples its own rollouts: the demo with all the steps of
its recipes, and more test cases.
Prints both models side by side on both splits, with intervals over ads, and the paired difference.
"""

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from rl.demo import SPLITS, Demo, DemoConfig, run_demo
from rl.evaluation.table import compare_table

TEST_CASES = 2000
SHOWN = ("verdict_accuracy", "miss_rate", "false_flag_rate", "flip_recall", "pair_accuracy", "parse_rate")


def run(seed: int, out: Path, console: Console) -> Demo:
    """One seed: the demo with all the steps of its recipes, and more test cases."""
    begin = time.monotonic()
    demo = run_demo(
        out / f"seed-{seed}",
        DemoConfig(seed, test_cases=TEST_CASES, sft_steps=None, grpo_steps=None),
        show=console.print,
    )
    for evaluations in demo.evaluations.values():
        console.print(compare_table(evaluations))
    stages = ", ".join(f"{stage} {seconds:.0f} s" for stage, seconds in demo.seconds.items())
    console.print(f"seed {seed}: {time.monotonic() - begin:.0f} s ({stages})\n")
    return demo


def verdict(demo: Demo) -> dict[str, dict[str, object]]:
    """What RESULTS.md records of one seed."""
    found: dict[str, dict[str, object]] = {}
    for split in SPLITS:
        sft, grpo = demo.evaluations[split]
        difference = grpo.difference(sft, SHOWN)
        found[split] = {
            name: {
                "sft": asdict(sft.metrics[name]),
                "grpo": asdict(grpo.metrics[name]),
                "difference": asdict(difference[name]) if name in difference else None,
            }
            for name in SHOWN
            if name in sft.metrics and name in grpo.metrics
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks/billboard"))
    arguments = parser.parse_args()
    console = Console(width=150)
    for seed in arguments.seeds:
        demo = run(seed, arguments.out, console)
        content = {"seconds": demo.seconds, "splits": verdict(demo)}
        (demo.out / "summary.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        sft, grpo = demo.evaluations["test"]
        gain = grpo.difference(sft, ("verdict_accuracy",))["verdict_accuracy"]
        flips = demo.evaluations["changed"][0].metrics["flip_recall"]
        console.print(f"seed {seed}: gain {gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}], "
                      f"flip recall of SFT {flips.value:.3f}\n")  # fmt: skip


if __name__ == "__main__":
    main()
