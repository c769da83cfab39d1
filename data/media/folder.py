"""MediaFolder: where the media of a file's cases lie, and how far their paths may reach.

A case file may come from anybody, so a path in it reaches only what lies in the file's own folder, links followed: not
``../../`` of it, nor the rest of the machine. Whoever runs the program may allow further folders, with
``--allow-media DIR`` or `allow_media`. That holds for the process and for those that it starts; no file can grant it.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from data.errors import DataError

ALLOWED = "RULING_ALLOW_MEDIA"
"""The environment variable with the folders that are allowed, so that workers know them too."""


def allow_media(*folders: str | Path) -> None:
    """Lets cases name media in these folders as well, from now on, instead of those that were allowed before.

    Raises:
        DataError: one of them is no folder.
    """
    for folder in folders:
        if not os.path.isdir(folder):
            raise DataError("no such folder: media cannot be allowed in it", file=folder)
    os.environ[ALLOWED] = os.pathsep.join(os.path.realpath(folder) for folder in folders)


@dataclass(frozen=True)
class MediaFolder:
    """The folder that media paths are relative to.

    Args:
        root: the folder.
        within: where media may lie; in ``root`` if None. `allow_media` adds to it.
    """

    root: Path
    within: tuple[Path, ...] | None = None

    def path(self, media: str) -> Path:
        """Where a media file lies; whether there is one is not asked.

        Raises:
            DataError: it would lie outside of the folders where media may lie.
        """
        path = self.root / media
        try:
            real = Path(os.path.realpath(path))
        except ValueError as error:  # a zero byte, half of a surrogate pair
            raise DataError(f"{media!r} can be no file's name") from error
        allowed = map(Path, filter(None, os.environ.get(ALLOWED, "").split(os.pathsep)))
        folders = (self.root,) if self.within is None else self.within
        if not any(real.is_relative_to(os.path.realpath(folder)) for folder in (*folders, *allowed)):
            raise DataError(
                f"'{media}' lies outside of the folder of the cases, {self.root.absolute()}: move it in there, or "
                "allow its own folder with --allow-media DIR"
            )
        return path

    def has(self, media: str) -> bool:
        """Whether there is such a file where media may lie."""
        try:
            return self.path(media).is_file()
        except DataError:
            return False
