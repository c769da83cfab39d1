"""Progress: a bar on stderr that says how many are done and how long the rest will take."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


def progress_bar(shown: bool = True) -> Progress:
    """How many of how many, the time since the start, and the time that is left; gone when done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    remaining = (TextColumn("left"), TimeRemainingColumn())
    return Progress(*columns, *remaining, disable=not shown, transient=True, console=Console(stderr=True))
