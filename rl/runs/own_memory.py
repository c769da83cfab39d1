"""What a model found in earlier windows of streams before it was trained, as a run keeps it."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from data import Brief, Briefs, DataError
from data.errors import explain
from data.files import read_json, write_json
from data.window import Earlier


class OwnMemory(BaseModel):
    """By whom, in which windows, and what."""

    model_config = ConfigDict(extra="forbid")

    model: str
    settings: dict[str, Any]
    """Of the windows."""
    earlier: dict[str, list[Earlier]]
    """By the ids of windows, what each is told of those before it."""

    @classmethod
    def of(cls, windows: Iterable[Brief], model: str, settings: dict[str, Any]) -> "OwnMemory":
        """What windows are told."""
        told = {w.id: w.case.window.earlier for w in windows if w.case.window is not None}
        return cls(model=model, settings=settings, earlier=told)

    @classmethod
    def read(cls, file: Path) -> "OwnMemory":
        """Raises:
        DataError: the file is damaged; names the field.
        """
        try:
            return cls.model_validate(read_json(file))
        except ValidationError as error:
            field, message = explain(error)
            raise DataError(f"{message}: give the run another output, or remove it", file=file, field=field) from error

    def write(self, file: Path) -> None:
        write_json(file, self.model_dump(mode="json"), indent=None)

    def told(self, windows: Briefs, file: Path) -> Briefs:
        """Windows, each told of what is kept here.

        Args:
            file: where it is kept, for the error.

        Raises:
            DataError: it is of other windows.
        """
        if missing := next((window.id for window in windows if window.id not in self.earlier), None):
            raise DataError(f"knows nothing of window '{missing}': give the run another output", file=file)
        return Briefs((self._told(window) for window in windows), windows.book)

    def _told(self, window: Brief) -> Brief:
        assert window.case.window is not None
        changed = window.case.window.model_copy(update={"earlier": self.earlier[window.id]})
        return replace(window, case=window.case.model_copy(update={"window": changed}))
