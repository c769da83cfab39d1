"""Problem: one thing that is wrong with a row, and where it stands."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from data.errors import DataError

Level = Literal["error", "warning"]
"""An error would spoil training; a warning is worth a look."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a row."""

    kind: str
    """A short name that similar problems share: ``duplicate id``."""
    message: str
    file: Path
    line: int | None = None
    """From 1; None where the problem is the whole file's."""
    field: str | None = None
    level: Level = "error"

    def __str__(self) -> str:
        return str(self.error())

    def error(self) -> DataError:
        """The problem as an exception."""
        return DataError(self.message, file=self.file, line=self.line, field=self.field)
