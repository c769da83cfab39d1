"""Report: what a check of case files found, file by file and in all."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data.reading.problem import Problem
from data.reading.row import Row

UNANNOTATED = "none"
"""Counted as the verdict of a case without one."""


@dataclass(frozen=True)
class Spread:
    """How a size is distributed over ``count`` things."""

    count: int
    least: int
    median: int
    p95: int
    """19 of 20 are no larger."""
    most: int


def spread(values: Sequence[int]) -> Spread:
    """The spread of at least one value."""
    ordered = sorted(values)
    last = len(ordered) - 1
    return Spread(len(ordered), ordered[0], ordered[last // 2], ordered[round(last * 0.95)], ordered[-1])


@dataclass
class FileReport:
    """What one file holds. Gold is counted as it stands under each case's excerpt."""

    file: Path
    rows: int = 0
    cases: int = 0
    groups: set[str] = field(default_factory=set)
    verdicts: Counter[str] = field(default_factory=Counter)
    shown: Counter[str] = field(default_factory=Counter)
    """In how many excerpts each rule is."""
    broken: Counter[str] = field(default_factory=Counter)
    """In how many cases each rule is broken."""


@dataclass
class Report:
    """What a check found."""

    files: list[FileReport]
    text: dict[str, Spread]
    """Characters by text field, where the field is there."""
    images: dict[str, Spread]
    """Pixels by ``width`` and ``height``, over distinct readable images."""
    duplicates: int
    """Cases that are near-duplicates of an earlier one, in their group or not."""
    problems: list[Problem]
    rows: list[Row] = field(repr=False)

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.level == "error"]

    @property
    def ok(self) -> bool:
        """Whether nothing would spoil training."""
        return not self.errors

    def as_json(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return {
            "ok": self.ok,
            "files": [
                {
                    "file": str(f.file),
                    "rows": f.rows,
                    "cases": f.cases,
                    "groups": len(f.groups),
                    "verdicts": dict(f.verdicts),
                    "rules": {r: {"shown": n, "broken": f.broken[r]} for r, n in f.shown.items()},
                }
                for f in self.files
            ],
            "text": {name: vars(s) for name, s in self.text.items()},
            "images": {name: vars(s) for name, s in self.images.items()},
            "duplicates": self.duplicates,
            "problems": [vars(p) | {"file": str(p.file)} for p in self.problems],
        }
