"""``--allow-media``: the option of every verb that reads cases, for folders besides their own where media may lie.

A verb has only to take it: what it allows holds for the whole process before the verb begins.
"""

from pathlib import Path
from typing import Annotated

import typer

from data.media.folder import allow_media


def _allow(folders: list[Path] | None) -> list[Path] | None:
    if folders:  # else what the process has inherited stands
        allow_media(*folders)
    return folders


AllowMedia = Annotated[
    list[Path] | None,
    typer.Option(
        "--allow-media",
        metavar="DIR",
        callback=_allow,
        help="Cases may name media in this folder too, not just beside their file. Can be repeated.",
    ),
]

CopyRecordings = Annotated[
    bool,
    typer.Option(
        "--copy-recordings",
        help="Put videos and sounds beside the page, as they are, so that it can play them; those below its folder it "
        "plays without.",
    ),
]
"""Whether a page comes with the recordings of its cases."""
