"""``--tools`` and ``--desk``: the options of verbs whose models may look things up."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data import DataError, Rulebook
from rl.config.desk import DeskConfig

if TYPE_CHECKING:
    from rl.desk import Desks

DESK = "Tools"

Tools = Annotated[
    str | None,
    typer.Option(
        "--tools",
        help="What the model may look things up with: search_rules,read_rule,zoom,read,frames,transcript, or "
        "file.py:function of your own.",
        rich_help_panel=DESK,
    ),
]
DeskFile = Annotated[
    Path | None,
    typer.Option("--desk", help="YAML file with tools and budgets; --tools goes before it.", rich_help_panel=DESK),
]
Blank = Annotated[
    str,
    typer.Option(
        "--blank",
        help="Tools that show nothing, to see whether the model uses what they show: search_rules,zoom.",
        rich_help_panel=DESK,
    ),
]


def read_desk(tools: str | None, desk: Path | None, blank: str = "") -> DeskConfig | None:
    """The desk that the options describe; None where there is none.

    Raises:
        DataError: the file is not as it should be, or something is to be blank and there are no tools.
    """
    given = {name: _names(value) for name, value in (("tools", tools), ("blank", blank)) if value}
    if desk is not None:
        return DeskConfig.load(desk, given)
    if tools:
        return DeskConfig.of(**given)
    if blank:
        raise DataError("--blank says which of the --tools show nothing: give those, or --desk")
    return None


def desks_of(config: DeskConfig | None, book: Rulebook, model: str | None) -> "Desks | None":
    """The desks that a verb's model has: those of the options; else those it was trained with, if any.

    Args:
        model: a checkpoint or a run; None for one that no run says anything of.

    Raises:
        DataError: there is no such tool, or the run's file is damaged.
    """
    from rl.desk import Desks
    from rl.runs.excerpts import trained_desk

    if config is None and model is not None:
        config = trained_desk(model)
    return Desks.of(config, book) if config is not None else None


def _names(given: str) -> list[str]:
    names = [name.strip() for name in given.split(",") if name.strip()]
    if not names:
        raise DataError(f"'{given}' names no tool: search_rules,zoom")
    return names
