"""``ruling alarms``: how soon the alarms of a journal came, and how many were about nothing."""

from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from data import DataError
from rl.terminal.console import console
from rl.terminal.safe_text import one_line

if TYPE_CHECKING:
    from rl.evaluation.live.watched import Watched

app = typer.Typer()


@app.command()
def alarms(
    journals: Annotated[list[Path], typer.Argument(help="What ruling watch wrote, of cases with gold.")],
    data: Annotated[list[str], typer.Option(help="The cases, with gold intervals. Can be repeated.")],
    rulebook: Annotated[str, typer.Option(help="YAML file, or the name of a shipped rulebook.")],
    out: Annotated[Path | None, typer.Option(help="JSON file for the figures.")] = None,
) -> None:
    """Measure alarms against gold: time to detection, false alarms per hour, violating seconds seen."""
    from data import Briefs, Rulebook, load_cases
    from data.files import write_json
    from rl.evaluation.live.events import events_of
    from rl.evaluation.live.figures import measure_alarms
    from rl.evaluation.live.table import alarms_table
    from rl.evaluation.live.watched import read_watched

    briefs, written = Briefs.bind(load_cases(*data), Rulebook.load(rulebook)), {}
    for journal in journals:
        watched = read_watched(journal)
        if missing := next((name for name in watched if name not in briefs), None):
            raise DataError(f"is about stream '{missing}', of which the data have no case", file=journal)
        if not any(one.windows for one in watched.values()):
            raise DataError("no window was watched", file=journal)
        streams = [briefs[name] for name in watched]
        clusters = [stream.case.cluster for stream in streams]
        _say_what_is_left(journal, list(watched.values()), len(briefs))
        figures = measure_alarms(list(watched.values()), list(map(events_of, streams)), clusters)
        Console(emoji=False).print(alarms_table(journal.stem, figures))
        written[str(journal)] = _plain(asdict(figures))
    if out is not None:
        write_json(out, written)


def _say_what_is_left(journal: Path, watched: "list[Watched]", cases: int) -> None:
    """What figures do not tell: cases that nobody watched, and streams whose end is still to come."""
    if unwatched := cases - len(watched):
        console().print(
            _line(f"{journal.name}: {unwatched:,} of {cases:,} cases were not watched, and are in no figure")
        )
    if going := sum(not one.is_over for one in watched):
        what = "what comes behind their last windows counts as missed"
        console().print(_line(f"{journal.name}: {going:,} of {len(watched):,} streams are not over: {what}"))


def _line(text: str) -> Text:
    return Text(one_line(text), style="yellow")


def _plain(value: Any) -> Any:
    """What JSON can hold: null where there is no number, or no end to it."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and not isfinite(value) else value
