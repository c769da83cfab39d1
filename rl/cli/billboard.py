"""``ruling data billboard``: draw the embedded benchmark."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from data.billboard import SPLITS, BillboardConfig, build
from data.billboard.config import Level
from data.billboard.desk import build_desk
from data.billboard.pools import POOLS
from data.billboard.retrieval import build_retrieval
from data.errors import DataError
from rl.cli.numbers import MOST_CASES, MOST_SEED, finite
from rl.terminal.progress import counting

app = typer.Typer()

AnyLevel = Literal[Level, "desk", "retrieval"]


@app.command()
def billboard(
    out: Annotated[Path, typer.Option(help="Folder for the splits, rulebook.yaml and media/.")],
    cases: Annotated[int, typer.Option(min=2, max=MOST_CASES, help="Training cases.")] = 16000,
    test_cases: Annotated[int, typer.Option(min=2, max=MOST_CASES, help="Of 'test' and of 'changed' each.")] = 400,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="The same seed gives the same bytes.")] = 0,
    level: Annotated[
        AnyLevel,
        typer.Option(
            help="'demo' for tiny models, 'full' for those that can read; 'motion', 'motion-hard' and 'live': clips "
            "and streams, for ruling data prepare; 'retrieval' to retrieve rules from; 'desk' to look things up with "
            "tools."
        ),
    ] = "demo",
    teacher_noise: Annotated[float, typer.Option(min=0, max=1, callback=finite, help="How often targets err.")] = 0.0,
    edits: Annotated[bool, typer.Option("--edits", help="Gold says how each ad is mended.")] = False,
) -> None:
    """Draw the embedded benchmark: ads with pictures, their rulebook, and gold that follows from how each was made."""
    if edits and level not in ("demo", "full"):
        raise DataError(f"--edits does not go with --level {level}: take demo or full")
    if level == "desk" or level == "retrieval":  # not `in`: the type checker then knows what is left
        with counting("drawing", cases + test_cases) as reached:
            (build_desk if level == "desk" else build_retrieval)(out, cases, test_cases, seed, reached)
        _told(out, POOLS)
        return
    config = BillboardConfig(cases, test_cases, seed, level, teacher_noise, edits)
    with counting("drawing", sum(config.sizes.values())) as reached:
        build(config, out, reached)
    _told(out, SPLITS)


def _told(out: Path, splits: Sequence[str]) -> None:
    for split in splits:
        lines = (out / f"{split}.jsonl").read_bytes().count(b"\n")
        typer.echo(f"{out / split}.jsonl: {lines:,} {'case' if lines == 1 else 'cases'}")
