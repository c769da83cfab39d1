"""``ruling data suspects``: the cases of a training run whose gold is probably wrong."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rl.cli.media import AllowMedia
from rl.terminal.progress import counting
from rl.terminal.safe_text import visible

if TYPE_CHECKING:
    from rl.curation.suspects import Suspect

app = typer.Typer()

SHOWN = 20
"""How many are printed; the file and the page have them all."""


@app.command()
def suspects(
    runs: Annotated[list[Path], typer.Argument(help="Runs with rollouts, of GRPO or PPO; several are held together.")],
    out: Annotated[Path, typer.Option(help="Folder for suspects.jsonl and suspects.html.")],
    data: Annotated[list[str] | None, typer.Option(help="The cases; else those of the runs' run.json.")] = None,
    rulebook: Annotated[str | None, typer.Option(help="Their rulebook; else that of the runs' run.json.")] = None,
    most: Annotated[int, typer.Option(min=1, help="How many to list.")] = 200,
    allow_media: AllowMedia = None,
) -> None:
    """Find cases whose gold is probably wrong, by what the policy wrote about them throughout its training, the
    likeliest first and each with the reason. The page has them in that order for its queue, which exports those that
    somebody corrected as cases.
    """
    from data.files import check_not_read, write_whole
    from rl.curation.suspects import find_suspects
    from rl.curation.suspects_page import write_suspects_page
    from rl.runs.past_run import open_past_run

    check_not_read(out / "suspects.jsonl", data or ())
    _check_differ(runs)
    past = [open_past_run(run, data or (), rulebook) for run in runs]
    with counting("reading", sum(len(run.rollouts) for run in past)) as reached:
        found = find_suspects(past, reached)
    console = Console(highlight=False, emoji=False)
    cases = len({rollout.episode.case for run in past for rollout in run.rollouts})
    console.print(f"{len(found):,} of {cases:,} cases are ruled on otherwise by most completions")
    kept = found[:most]
    lines = (json.dumps({"rank": rank, **one.kept()}, ensure_ascii=False) for rank, one in enumerate(kept, start=1))
    write_whole(out / "suspects.jsonl", "".join(f"{line}\n" for line in lines))
    if not kept:
        console.print("that says little of gold where most completions are no ruling, or repeat what they were taught")
        (out / "suspects.html").unlink(missing_ok=True)  # of other runs, or of these before
        return
    console.print(_table(kept[:SHOWN]))
    page = write_suspects_page(kept, past, out / "suspects.html")
    console.print(Text(visible(f"{len(kept):,} listed in {out / 'suspects.jsonl'}, for the queue in {page}")))


def _check_differ(runs: Sequence[Path]) -> None:
    """Refuses a run that is named twice: it would agree with itself.

    Raises:
        DataError: one is; names it.
    """
    from data import DataError
    from rl.runs.folder import RunFolder

    places = [RunFolder.around(run).path.resolve() for run in runs]
    if twice := next((run for run, place in zip(runs, places, strict=True) if places.count(place) > 1), None):
        raise DataError("is named twice, and would agree with itself: name each run once", file=twice)


def _table(found: "Sequence[Suspect]") -> Table:
    from rl.curation.suspects import told

    table = Table(
        "case", "score", "gold", "most completions", "why", title="Probably wrong gold", title_justify="left"
    )
    for one in found:
        cells = (one.case, f"{one.score:.2f}", told(one.gold), told(one.said), one.reason)
        table.add_row(*(Text(visible(cell)) for cell in cells))
    return table
