"""Preflight: what a dry run found, and its table for people."""

from dataclasses import asdict, dataclass, field
from typing import Any

from rich.table import Table
from rich.text import Text

from rl.terminal.forecast import Forecast
from rl.terminal.safe_text import visible


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    found: str
    missing: bool = False
    """Whether it must be there before training can begin, and is not."""


@dataclass
class Preflight:
    """What a dry run of a recipe found."""

    name: str
    """The recipe's."""
    findings: list[Finding] = field(default_factory=list)
    forecast: Forecast | None = None
    """Of memory; None where the model's configuration is not there."""

    def add(self, what: str, found: str) -> None:
        self.findings.append(Finding(what, found))

    def lack(self, what: str, why: str) -> None:
        self.findings.append(Finding(what, why, missing=True))

    @property
    def missing(self) -> list[str]:
        """What must be there before training can begin."""
        return [finding.what for finding in self.findings if finding.missing]

    @property
    def json(self) -> dict[str, Any]:
        """All of it, for programs."""
        return {
            "name": self.name,
            "ready": not self.missing,
            "findings": [asdict(finding) for finding in self.findings],
            "forecast": None if self.forecast is None else self.forecast.json,
        }


def preflight_table(preflight: Preflight) -> Table:
    """What was found, line by line, and whether training can begin."""
    table = Table("", "found", title=Text(f"Dry run of {preflight.name}"), show_lines=False)
    for finding in preflight.findings:
        table.add_row(finding.what, Text(visible(finding.found), style="yellow" if finding.missing else ""))
    verdict = f"not yet: {', '.join(preflight.missing)}" if preflight.missing else "ready to train"
    table.caption = Text(verdict, style="yellow" if preflight.missing else "green")
    return table
