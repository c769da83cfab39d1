"""Preferences: pairs of rulings on one case, of which one is better. What reward models learn from.

JSONL, one pair a line; both rulings as completions, as `prompts.write` writes them or a model has::

    {"id": "b-17", "chosen": "<think>…</think><answer>{…}</answer>", "rejected": "<think>…", "margin": 1.5}

``margin``, by how much the better one is better, is optional: nothing is learned from it. What is no ruling cannot be
put to a reward model, so it stands in no pair.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from data import Brief, Briefs, DataError, Ruling
from data.files import whole_file
from data.jsonl import read_jsonl
from prompts import ParseFailure, parse, write


@dataclass(frozen=True, slots=True)
class Preference:
    """Two rulings on one case."""

    case: str
    chosen: Ruling
    """The better one."""
    rejected: Ruling
    margin: float | None = None
    """By how much, in the units of whoever said so; None where that is not known."""
    file: Path | None = field(default=None, compare=False)
    """Where it was read."""
    line: int | None = field(default=None, compare=False)

    @property
    def longer_by(self) -> int:
        """How many letters the better ruling is longer, in the form that a reward model reads; below 0 where it is
        shorter.
        """
        return len(write(self.chosen)) - len(write(self.rejected))

    def brief(self, briefs: Briefs) -> Brief:
        """The case that it is about, with its excerpt.

        Raises:
            DataError: there is none.
        """
        try:
            return briefs[self.case]
        except DataError as error:
            raise DataError(error.message, file=self.file, line=self.line, field="id") from error


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    id: str
    chosen: str
    rejected: str
    margin: Annotated[float, Field(ge=0)] | None = None


def read_preferences(*files: str | Path) -> list[Preference]:
    """The pairs in JSONL files.

    Raises:
        DataError: a file is missing or holds none, a line is no pair, or what is in it is no ruling or twice the same;
            names file, line and field.
    """
    found = []
    for file in map(Path, files):
        pairs = list(_read(file))
        if not pairs:
            raise DataError("holds no pairs", file=file)
        found += pairs
    return found


def save_preferences(preferences: Iterable[Preference], path: str | Path) -> None:
    """Writes pairs that `read_preferences` reads back, over others that are there.

    Raises:
        DataError: the file holds something else, such as the cases that a split is called after too.
    """
    if Path(path).is_file() and Path(path).stat().st_size:
        try:
            next(read_jsonl(path, _Line), None)
        except DataError as error:
            raise DataError("holds something else than pairs: give another --out", file=path) from error
    with whole_file(path) as draft, draft.open("w", encoding="utf-8", newline="\n") as file:
        for one in preferences:
            said = {"id": one.case, "chosen": write(one.chosen), "rejected": write(one.rejected)}
            if one.margin is not None:
                said["margin"] = one.margin  # type: ignore[assignment]
            file.write(json.dumps(said, ensure_ascii=False) + "\n")


def check_apart(train: Sequence[Preference], held_out: Sequence[Preference], briefs: Briefs) -> None:
    """Refuses pairs that are held out from training, but are about a case, or a near-duplicate of one, that it has.

    Raises:
        DataError: there is such a pair; names it.
    """
    trained = {one.brief(briefs).case.cluster: one.case for one in train}
    for one in held_out:
        cluster = one.brief(briefs).case.cluster
        if cluster in trained:
            message = (
                f"case '{one.case}' is of one group with '{trained[cluster]}', which is trained on: split by group"
            )
            raise DataError(message, file=one.file, line=one.line, field="id")


def _read(file: Path) -> Iterator[Preference]:
    for number, line in read_jsonl(file, _Line):
        try:
            chosen, rejected = _ruling(line.chosen, "chosen"), _ruling(line.rejected, "rejected")
            if chosen == rejected:
                message = "both are the same ruling, so neither is better: leave the pair out"
                raise DataError(message, field="rejected")
        except DataError as error:
            raise DataError(error.message, file=file, line=number, field=error.field) from error
        yield Preference(line.id, chosen, rejected, line.margin, file, number)


def _ruling(completion: str, where: str) -> Ruling:
    ruling = parse(completion)
    if isinstance(ruling, ParseFailure):
        raise DataError(f"is no ruling, and a reward model reads nothing else: {ruling}", field=where)
    return ruling
