"""``--excerpt``: the option of verbs that take a rulebook, for which of its rules a case is shown. And ``--windows``:
how cases that are streams are cut."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from data.windows import WindowSettings
from prompts.excerpts.settings import ExcerptChoice
from rl.config.evaluate import EvalRecipe

BARE = Path(__file__).parent / "evaluate.yaml"
"""The recipe of an evaluation that is given by options alone."""

Excerpt = Annotated[
    str | None,
    typer.Option(
        "--excerpt",
        help="Rules that a case is shown: 'named', 'none' (they are looked up), or '{retrieve: bm25, k: 8}'; those of "
        "training if left out.",
    ),
]


def read_excerpt(given: str | Mapping[str, Any] | None) -> ExcerptChoice | None:
    """What the option says, or a provenance notes, as a recipe would; None where it is not given.

    Raises:
        DataError: it says something else.
    """
    return None if given is None else EvalRecipe.load(BARE, {"excerpt": given}).excerpt


def read_windows(given: str | Mapping[str, Any] | None) -> WindowSettings | None:
    """What ``--windows`` says, or a provenance notes, as a recipe would; None where it is not given.

    Raises:
        DataError: it says something else.
    """
    return None if given is None else EvalRecipe.load(BARE, {"windows": given}).windows
