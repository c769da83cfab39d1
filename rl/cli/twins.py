"""``ruling data twins``: pairs of cases that differ in one rule, made from cases with gold."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from rl.cli.media import AllowMedia
from rl.cli.numbers import MOST_SEED
from rl.terminal.safe_text import visible

app = typer.Typer()


@app.command()
def twins(
    files: Annotated[list[str], typer.Argument(help="Cases with gold: JSONL files, folders or datasets.")],
    rulebook: Annotated[str, typer.Option(help="YAML file, or the name of a shipped rulebook.")],
    out: Annotated[Path, typer.Option(help="Folder for twins.jsonl and media/.")],
    change: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this: left_out, idle_left_out, exception_added, idle_exception_added, exception_removed or "
            "renumbered. Can be repeated; else any."
        ),
    ] = None,
    exception: Annotated[
        str | None,
        typer.Option(help='How an exception is worded, with {quote} in it. [default: an ad that says "{quote}"]'),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Of what is changed.")] = 0,
    allow_media: AllowMedia = None,
) -> None:
    """Make pairs for training and measuring: each case once more, under rules of which one is changed so that gold
    follows for certain. Half of the pairs flip the verdict, as far as can be. Cases without a twin are counted, with
    the reason.
    """
    from data import Briefs, DataError, Rulebook, load_cases, suggest
    from data.files import check_not_read
    from data.twins import CHANGES, make_twins, save_twins
    from data.twins.make import EXCEPTION
    from rl.evaluation.comparison.words import counted

    check_not_read(out / "twins.jsonl", files)
    if unknown := next((name for name in change or [] if name not in CHANGES), None):
        raise DataError(
            f"no change '{unknown}'{suggest(unknown, CHANGES)}: choose from {', '.join(CHANGES)}", field="change"
        )
    briefs = Briefs.bind(load_cases(*files), Rulebook.load(rulebook))
    changes = change or tuple(CHANGES)
    made = make_twins(briefs, changes, exception or EXCEPTION, seed)
    path = save_twins(made, out)
    console = Console(highlight=False, emoji=False)
    table = Table("changed", *(Column(name, justify="right") for name in ("flips", "holds")), title="Pairs")
    for name in changes:
        table.add_row(name, f"{made.made[name, True]:,}", f"{made.made[name, False]:,}")
    console.print(table)
    for why, count in made.left_out.most_common():
        console.print(Text(f"left out: {count:,} × {why}", style="yellow"), soft_wrap=True)
    console.print(Text(visible(f"{path}: {counted(made.made.total(), 'pair')}")), soft_wrap=True)
