"""``ruling data trajectories``: episodes with tools, from gold, for a model to learn from."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from data import DataError, load_cases
from data.files import check_not_read
from rl.cli.desk import DeskFile, Tools, read_desk
from rl.cli.excerpts import Excerpt, read_excerpt
from rl.cli.media import AllowMedia
from rl.cli.numbers import MOST_SEED
from rl.terminal.progress import counting
from rl.terminal.safe_text import visible

app = typer.Typer()


@app.command()
def trajectories(
    data: Annotated[list[str], typer.Argument(help="Cases with gold: JSONL files, folders or datasets.")],
    rulebook: Annotated[str, typer.Option(help="YAML file, or the name of a shipped rulebook.")],
    out: Annotated[Path, typer.Option(help="JSONL file to write.")],
    tools: Tools = None,
    desk: DeskFile = None,
    excerpt: Excerpt = "none",
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Of which approvals look where.")] = 0,
    allow_media: AllowMedia = None,
) -> None:
    """Write episodes in which a reviewer looks up what gold rests on, and then rules, for SFT to learn tools from.
    Cases whose gold cannot be looked up are left out, and counted."""
    from rl.curation.trajectories import make_trajectories
    from rl.desk import Desks
    from rl.runs.excerpts import excerpts_of
    from rl.runs.trajectories import save_trajectories

    config = read_desk(tools, desk)
    if config is None:
        raise DataError("give the tools that are to be used: --tools search_rules,zoom,read, or --desk desk.yaml")
    check_not_read(out, [*data, rulebook, *([desk] if desk is not None else [])])
    excerpts = excerpts_of(rulebook, read_excerpt(excerpt) or "none")
    briefs = excerpts.bind(load_cases(*data))
    with counting("looking up", len(briefs)) as reached:
        made = make_trajectories(briefs, Desks.of(config, excerpts.book), seed, advance=reached)
    save_trajectories(made.episodes, out)
    console = Console(highlight=False, emoji=False)
    calls = sum(len(episode.looks) for episode in made.episodes)
    console.print(Text(f"{visible(str(out))}: {len(made.episodes):,} episodes, {calls:,} calls"), soft_wrap=True)
    for why, count in sorted(made.left_out.items(), key=lambda item: -item[1]):
        console.print(Text(f"left out: {count:,} × {visible(why)}", style="yellow"), soft_wrap=True)
