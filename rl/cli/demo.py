"""``ruling demo``: the whole loop on the embedded benchmark."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.filesize import decimal

from rl.cli.next_steps import again
from rl.terminal.errors import interruptible
from rl.terminal.quantities import spent


def demo(
    out: Annotated[Path, typer.Option(help="Folder of the demo; what is already there is not run again.")] = Path(
        "runs/demo"
    ),
    seed: Annotated[int, typer.Option(help="Of the data, of initialisation and of sampling.")] = 0,
    cases: Annotated[int, typer.Option(min=64, help="Training cases.")] = 16000,
    test_cases: Annotated[int, typer.Option(min=40, help="Cases of each test split.")] = 400,
    teacher_noise: Annotated[
        float, typer.Option(min=0, max=1, help="How often the SFT targets miss a violation.")
    ] = 0.17,
    sft_steps: Annotated[int, typer.Option(min=1, help="Optimiser steps of SFT; the recipe has 600.")] = 400,
    grpo_steps: Annotated[int, typer.Option(min=1, help="Optimiser steps of GRPO; the recipe has 80.")] = 60,
) -> None:
    """Draw ads, train a tiny multimodal model with SFT and GRPO, and show what improved.

    Ends in a table and in OUT/report.html. How long it takes on this machine is said once its first steps are
    measured; on two cores it was 8 to 15 minutes. A demo that was stopped goes on: run the same command again.
    """
    from rl.demo import DemoConfig, run_demo
    from rl.evaluation.table import compare_table

    config = DemoConfig(seed, cases, test_cases, teacher_noise, sft_steps, grpo_steps)
    with interruptible(again()):
        done = run_demo(out, config)
    console = Console()
    for evaluations in done.evaluations.values():
        console.print(compare_table(evaluations))
    took = ", ".join(f"{stage} {spent(seconds)}" for stage, seconds in done.seconds.items())
    if took:
        console.print(f"{took}; {spent(sum(done.seconds.values()))} in all", style="dim")
    size = decimal(done.report.stat().st_size)
    console.print(f"The page with the cases: {done.report}, {size}", soft_wrap=True)
