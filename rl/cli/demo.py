"""``ruling demo``: the whole loop on the embedded benchmark."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.filesize import decimal

from rl.cli.next_steps import again, next_looks
from rl.cli.numbers import MOST_CASES, MOST_SEED, finite
from rl.terminal.errors import interruptible

TYPICAL = "5 to 15 minutes on two cores"
"""How long the demo takes as it is: what is measured stands here, and README says the same."""
HELP = (
    "Draw ads, train a tiny multimodal model with SFT and GRPO, and show what improved.\n\n"
    f"Ends in a table and in OUT/report.html. It takes {TYPICAL}; after its first steps it says how long on this "
    "machine. A demo that was stopped goes on: run the same command again."
)


def demo(
    out: Annotated[Path, typer.Option(help="Folder of the demo; what is already there is not run again.")] = Path(
        "runs/demo"
    ),
    seed: Annotated[
        int, typer.Option(min=0, max=MOST_SEED, help="Of the data, of initialisation and of sampling.")
    ] = 0,
    cases: Annotated[int, typer.Option(min=64, max=MOST_CASES, help="Training cases.")] = 16000,
    test_cases: Annotated[int, typer.Option(min=40, max=MOST_CASES, help="Cases of each test split.")] = 400,
    teacher_noise: Annotated[
        float, typer.Option(min=0, max=1, callback=finite, help="How often the SFT targets miss a violation.")
    ] = 0.17,
    sft_steps: Annotated[int, typer.Option(min=1, help="Optimiser steps of SFT; the recipe has 600.")] = 400,
    grpo_steps: Annotated[int, typer.Option(min=1, help="Optimiser steps of GRPO; the recipe has 80.")] = 60,
    ppo: Annotated[
        bool, typer.Option("--ppo", help="Train a model with PPO as well, all the steps of its recipe.")
    ] = False,
) -> None:
    """Runs the demo and prints what improved."""
    from rl.demo import DemoConfig, run_demo
    from rl.evaluation.table import compare_table

    console = Console(emoji=False)
    config = DemoConfig(seed, cases, test_cases, teacher_noise, sft_steps, grpo_steps, ppo)
    with interruptible(again()):
        done = run_demo(out, config)
    for evaluations in done.evaluations.values():
        console.print(compare_table(evaluations))
    console.print(f"The page with the cases: {done.report}, {decimal(done.report.stat().st_size)}", soft_wrap=True)
    console.print(next_looks(done.run("GRPO").path, done.cases("test"), done.rulebook), soft_wrap=True)
