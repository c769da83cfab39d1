"""An audit for people on a terminal. Completions may hold what an advertiser wrote: they are shown as plain text."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from data import VERDICTS
from rewards.audit import Audit, Exhibit, Flaw
from rl.terminal.scores import right, safe

BEGINNING, END = 300, 200
"""Characters of an offending completion that are printed; the JSON has all of them."""
DEMANDS = {
    "gold-aware": "0.1 less than gold",
    "unfaithful": "less than honest errors",
    "damage": "less than gold",
    "padding": "nothing for the padding",
    "bulk": "nothing for the padding",
}
"""What is demanded of a cheat, by its kind."""


def audit_tables(audit: Audit) -> Iterator[RenderableType]:
    """Cheats in the order of what they earn, what holds against those that know gold, and what was found."""
    yield _ratings(audit)
    means = ", ".join(f"{mean:.2f} if right {accuracy:.0%}" for accuracy, mean in audit.honest.items())
    yield Text(f"an honest reviewer's mean: {means} of the time")
    yield _priors(audit)
    yield _trials(audit)
    yield from _claims(audit)
    for flaw in audit.flaws:
        yield from _flaw(flaw)
    yield _verdict(audit)


def _ratings(audit: Audit) -> Table:
    verdicts = [verdict for verdict in VERDICTS if verdict in audit.cases]
    counts = ", ".join(f"{audit.cases[verdict]:,} {verdict}" for verdict in verdicts)
    title = safe(f"{audit.rubric}: what is earned without looking, on {counts}")
    table = Table(Column("content-blind cheat", no_wrap=True), right("mean"), title=title, title_justify="left")
    for name in (*verdicts, "breaks even", "at most"):
        table.add_column(name, justify="right")
    for rating in audit.ratings:
        means = (f"{rating.by_verdict[verdict]:.2f}" if verdict in rating.by_verdict else "–" for verdict in verdicts)
        even = Text(f"{rating.break_even:.1%}", style="" if rating.ok else "bold red")
        table.add_row(safe(rating.cheat.name), f"{rating.total:.2f}", *means, even, f"{rating.cheat.limit:.0%}")
    return table


def _priors(audit: Audit) -> Table:
    """What pays best without looking, by how often gold verdicts come up."""
    table = Table(Column("gold verdicts", no_wrap=True), right("not approved"), "best without looking")
    for name in ("mean", "breaks even", "right 70 %", "always escalate"):
        table.add_column(name, justify="right")
    for prior in audit.priors:
        fair = Text(f"{prior.fair:.2f}", style="" if prior.ok else "bold red")
        even = f"{prior.break_even:.1%}"
        row = (f"{prior.total:.2f}", even, fair, f"{prior.escalating:.2f}")
        table.add_row(safe(prior.mix.name), f"{prior.mix.prior:.1%}", safe(prior.best), *row)
    return table


def _trials(audit: Audit) -> Table:
    table = Table(Column("cheat that knows gold", no_wrap=True), "must earn", right("tried"), right("held"))
    for kind, demand in DEMANDS.items():
        for trial in audit.trials:
            if trial.cheat.kind == kind:
                held = Text(f"{trial.held:,}" if trial.tried else "–", style="" if trial.ok else "bold red")
                table.add_row(safe(trial.cheat.name), Text(demand, style="dim"), f"{trial.tried:,}", held)
    return table


def _claims(audit: Audit) -> Iterator[Text]:
    for claim in audit.claims:
        said = f"right {claim.accuracy:.0%}, stating {claim.stated:.0%}: {claim.total:.3f}, not {claim.honest:.3f}"
        yield Text(f"{claim.name}: {said}", style="" if claim.ok else "bold red")


def _flaw(flaw: Flaw) -> Iterator[RenderableType]:
    colour = "red" if flaw.level == "error" else "yellow"
    yield Text.assemble((f"{flaw.level}: ", f"bold {colour}"), safe(f"{flaw.name} {flaw.message}", colour))
    if flaw.exhibit is not None:
        yield Padding(_exhibit(flaw.exhibit), (0, 0, 0, 2))


def _exhibit(exhibit: Exhibit) -> Text:
    against = "" if exhibit.rival is None else f", against {exhibit.rival:.3f}"
    text = exhibit.completion
    if len(text) > BEGINNING + END:
        text = f"{text[:BEGINNING]} … {text[-END:]}"
    shown = safe(f"case {exhibit.case} earns {exhibit.total:.3f}{against}:\n")
    return shown.append_text(safe(text or "(nothing)", "dim"))


def _verdict(audit: Audit) -> Text:
    counts = f"{audit.scored:,} completions scored, {len(audit.errors)} errors, {len(audit.warnings)} warnings"
    left = f", {audit.left_out:,} cases left out" if audit.left_out else ""
    return Text(f"{'passed' if audit.ok else 'failed'}: {counts}{left}", style="green" if audit.ok else "bold red")
