"""An audit for people on a terminal. Completions may hold what an advertiser wrote: they are shown as plain text."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from data import VERDICTS
from rewards.audit import Audit, Exhibit, Finding
from rl.reward_tables import right, safe

SHOWN = 600
"""Characters of an offending completion that are printed; all of it is in the JSON."""
GROUPS = {
    "gold-aware": "Cheats that know gold: at least 0.1 below gold",
    "incoherent": "Rulings that contradict themselves: below an honest error",
    "damage": "Damage to gold: below gold",
    "padding": "Padding: not above the same ruling without it",
    "bulk": "Bulk: not above the same ruling without it",
}


def audit_tables(audit: Audit) -> Iterator[RenderableType]:
    """Cheats in the order of what they earn, what holds against those that know gold, and what was found."""
    yield _ratings(audit)
    accuracies = ", ".join(f"{accuracy:.0%} {mean:.2f}" for accuracy, mean in audit.honest.items())
    yield Text(f"an honest reviewer's mean total, by how often it is right: {accuracies}")
    yield _trials(audit)
    yield from _claims(audit)
    for finding in audit.findings:
        yield from _finding(finding)
    yield _verdict(audit)


def _ratings(audit: Audit) -> Table:
    verdicts = [verdict for verdict in VERDICTS if verdict in audit.cases]
    counts = ", ".join(f"{audit.cases[verdict]:,} {verdict}" for verdict in verdicts)
    table = Table("content-blind cheat", right("mean total"), title_justify="left")
    table.title = safe(f"{audit.rubric}: what can be earned without looking ({counts}; weighted equally)")
    for verdict in verdicts:
        table.add_column(f"gold {verdict}", justify="right")
    for name in ("break-even accuracy", "at most"):
        table.add_column(name, justify="right")
    for rating in audit.ratings:
        means = (f"{rating.by_verdict[verdict]:.2f}" if verdict in rating.by_verdict else "–" for verdict in verdicts)
        even = Text(f"{rating.break_even:.1%}", style="" if rating.ok else "bold red")
        table.add_row(safe(rating.cheat.name), f"{rating.total:.2f}", *means, even, f"{rating.cheat.limit:.0%}")
    return table


def _trials(audit: Audit) -> Table:
    table = Table("cheat that knows gold", right("tried"), right("held"), Column("what it does"), title_justify="left")
    for kind, title in GROUPS.items():
        table.add_section()
        table.add_row(Text(title, style="bold"))
        for trial in audit.trials:
            if trial.cheat.kind == kind:
                held = f"{trial.held:,}" if trial.tried else "–"
                style = "" if trial.ok else "bold red"
                row = (Text(f"{trial.tried:,}"), Text(held, style=style), safe(trial.cheat.summary, "dim"))
                table.add_row(safe(f"  {trial.cheat.name}"), *row)
    return table


def _claims(audit: Audit) -> Iterator[Text]:
    for claim in audit.claims:
        said = f"right {claim.accuracy:.0%} of the time and stating {claim.stated:.0%}"
        against = f"{claim.total:.3f}, against {claim.honest:.3f} when honest"
        yield Text(f"{claim.name}: {said} earns {against}", style="" if claim.ok else "bold red")


def _finding(finding: Finding) -> Iterator[RenderableType]:
    colour = "red" if finding.level == "error" else "yellow"
    yield Text.assemble((f"{finding.level}: ", f"bold {colour}"), safe(f"{finding.name} {finding.message}", colour))
    if finding.exhibit is not None:
        yield Padding(_exhibit(finding.exhibit), (0, 0, 0, 2))


def _exhibit(exhibit: Exhibit) -> Text:
    against = "" if exhibit.rival is None else f", against {exhibit.rival:.3f}"
    text = exhibit.completion if len(exhibit.completion) <= SHOWN else exhibit.completion[:SHOWN] + " …"
    shown = safe(f"case {exhibit.case} earns {exhibit.total:.3f}{against}:\n")
    return shown.append_text(safe(text or "(nothing)", "dim"))


def _verdict(audit: Audit) -> Text:
    counts = f"{audit.scored:,} completions scored, {len(audit.errors)} errors, {len(audit.warnings)} warnings"
    left = f", {audit.left_out:,} cases left out" if audit.left_out else ""
    return Text(f"{'passed' if audit.ok else 'failed'}: {counts}{left}", style="green" if audit.ok else "bold red")
