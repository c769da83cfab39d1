"""Places: where files lie on the machine that made a page is nobody's business who is sent it.

What lies in the folder at hand is named from there, and anything else by its name alone.
"""

import os
from pathlib import Path, PureWindowsPath

from data import Case
from data.case import FILES


def place(text: str) -> str:
    """A path as a page names it; any other text as it is.

    Example:
        >>> place("/srv/alice/ads/test.jsonl"), place("runs/grpo"), place("see /srv")
        ('test.jsonl', 'runs/grpo', 'see /srv')
    """
    if PureWindowsPath(text).drive:
        return PureWindowsPath(text).name
    if not os.path.isabs(text):
        return text
    whole = Path(os.path.normpath(text))
    return str(whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else whole.name)


def portable(case: Case) -> Case:
    """The case with its media named from the folder of its file, where they are named from the root of a disk."""

    def named(media: str) -> str:
        folder = os.path.abspath(case.path(""))
        inside = os.path.isabs(media) and os.path.commonpath([folder, os.path.normpath(media)]) == folder
        return os.path.relpath(media, folder) if inside else place(media)

    listed = {"images": case.images, "originals": case.originals}
    changes: dict[str, object] = {field: [named(media) for media in files] for field, files in listed.items()}
    changes |= {kind: named(media) for kind in FILES if (media := getattr(case, kind)) is not None}
    if case.page is not None:
        changes["page"] = case.page.model_copy(update={field: named(media) for field, media in case.page.media})
    changes["frames"] = [frame.model_copy(update={"path": named(frame.path)}) for frame in case.frames]
    return case.model_copy(update=changes)
