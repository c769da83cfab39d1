"""``ruling demo``: the whole loop on the embedded benchmark."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.filesize import decimal


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

    Ends in a table and in OUT/report.html. On two cores it takes about 15 minutes.
    """
    from rl.demo import DemoConfig, run_demo
    from rl.evaluation.table import compare_table

    console = Console()
    config = DemoConfig(seed, cases, test_cases, teacher_noise, sft_steps, grpo_steps)
    done = run_demo(out, config, tell=lambda what: console.rule(f"[bold]{what}", align="left"))
    for evaluations in done.evaluations.values():
        console.print(compare_table(evaluations))
    spent = ", ".join(f"{stage} {seconds:.0f} s" for stage, seconds in done.seconds.items())
    if spent:
        console.print(f"[dim]{spent}[/]")
    size = decimal(done.report.stat().st_size)
    console.print(f"The page with the cases: {done.report}, {size}", soft_wrap=True)
