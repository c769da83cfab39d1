"""Rubrics and scores for people on a terminal. What others may have written moves no cursor and is no markup."""

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Column, Table
from rich.text import Text

from data.address import without_credentials
from rewards import Rubric, Scorecard, Unscored
from rewards.lookup import code_of
from rewards.scoring.scorer import FORMAT
from rewards.scoring.summary import Figures, Summary
from rl.terminal.safe_text import visible


def rubric_tables(rubric: Rubric, progress: float = 1.0) -> list[RenderableType]:
    """A rubric as it stands when a share of the training is done: rewards, prices, and when escalating is best; then
    its schedules, what is different for the categories that have overrides, and which programs it has run.
    """
    now = rubric.at(progress)
    schedules = [safe(f"{name}: {schedule} of the training") for name, schedule in rubric.schedules.items()]
    name = f"{rubric.name}: {rubric.description}" if rubric.description else rubric.name
    tables = [*_standing(now, name), *schedules]
    for category, own in now.by_category.items():
        tables += _standing(own, f"{rubric.name}, where the gravest violation lies in {category}")
    return [*tables, *(safe(f"runs code when it is loaded: {code}", "yellow") for code in _code(now))]


def _code(rubric: Rubric) -> list[str]:
    """The files and modules of its own that a rubric names, each once, with the rewards that it takes from them."""
    taken: dict[str, dict[str, None]] = {}
    for each in (rubric, *rubric.by_category.values()):
        for reference in (*each.gates, *each.only, *each.craft, *each.penalties):
            if (code := code_of(reference, each.folder)) is not None:
                taken.setdefault(code, {})[reference.rpartition(":")[2]] = None
    return [f"{code} ({', '.join(names)})" for code, names in taken.items()]


def _standing(rubric: Rubric, name: str) -> list[RenderableType]:
    table = Table(
        "reward", "kind", right("weight"), right("range"), "settings", title=safe(name), title_justify="left"
    )
    for entry in rubric.entries:
        low, high = entry.range
        settings = without_credentials(", ".join(f"{key} {value}" for key, value in entry.settings.items()))
        weight = "must be 1" if entry.kind == "gate" else f"{entry.weight:g}"
        table.add_row(safe(entry.name), entry.kind, weight, f"{low:g} … {high:g}", safe(settings))
    floor = f"the floor, for no ruling or a closed gate, {rubric.floor:g}"
    if rubric.only:
        return [table, Text(floor)]
    prices = rubric.prices
    bands = Table("severity", right("a miss is worth"), right("escalate where belief is"))
    for severity, weight in prices.severity:
        low, high = prices.band(weight)
        bands.add_row(severity, f"{-prices.miss * weight:g}", f"{low:.2f} … {high:.2f}")
    worth = f"a right verdict 1, a false flag {-prices.false_flag:g}, escalating what could be decided"
    return [
        table,
        bands,
        Text(f"worth: {worth} {prices.escalation:g}; {floor}"),
    ]


def summary_table(summary: Summary) -> Table:
    """Reward by reward: what many completions were given."""
    names = ("mean", "spread", "min", "max", "zero", "applies to", "unscored")
    table = Table("reward", *map(right, names), title=f"{summary.count:,} completions", title_justify="left")
    for name, figures in summary.figures.items():
        table.add_row(safe(name), *_figures(figures))
    table.add_section()
    table.add_row(Text("total", style="bold"), *_figures(summary.total))
    return table


def summary_notes(summary: Summary) -> list[Text]:
    """What the table has no column for: why completions earn the floor or stay unscored."""
    failed = summary.failures.total()
    reasons = ", ".join(f"{count:,} {name}" for name, count in summary.failures.most_common())
    closed = ", ".join(f"{count:,} {name}" for name, count in summary.closed.most_common() if name != FORMAT)
    shut = part(summary.closed.total() - failed, summary.count)
    return [
        safe(f"no ruling: {part(failed, summary.count)}{f' ({reasons})' if reasons else ''}"),
        safe(f"gate closed: {shut}{f' ({closed})' if closed else ''}"),
        *fault_notes(summary.faults, summary.first_faults, summary.count),
    ]


def fault_notes(counts: Mapping[str, int], first: Mapping[str, Unscored], of: int) -> list[Text]:
    """Every reward that failed: on how many completions, and how on the first."""
    return [
        safe(f"'{name}' failed on {part(count, of)}; first on case '{first[name].case}': {first[name].error}", "red")
        for name, count in counts.items()
    ]


def card_panel(card: Scorecard, completion: str) -> Panel:
    """One scorecard: value, weight, contribution and reason of each reward, and what they make together."""
    table = Table("reward", right("value"), right("weight"), right("adds"), "reason", expand=True)
    for component in card.components.values():
        name = safe(component.name, "red" if component.name == card.closed else "")
        adds = f"{component.contribution:+.3f}" if component.contribution else "–"
        table.add_row(
            name,
            number(component.value),
            f"{component.weight:g}" if component.weight else "–",
            adds,
            safe(component.reason),
        )
    return Panel(Group(table, _total(card), Text(), safe(completion, "dim")), title=safe(card.case))


def _total(card: Scorecard) -> Text:
    if card.total is None:
        return safe(f"unscored: {', '.join(fault.reward for fault in card.unscored)} failed", "bold red")
    if card.closed is None:
        return Text(f"total {card.total:.3f}", style="bold")
    why = safe(f" the floor: {card.ruling if not card.parsed else f'gate {card.closed} is closed'}", "red")
    return Text(f"total {card.total:.3f}", style="bold").append(why)


def _figures(figures: Figures) -> list[str | Text]:
    numbers = map(number, (figures.mean, figures.spread, figures.least, figures.most))
    zero = percent(figures.zero) if figures.applies else "–"
    unscored = Text(f"{figures.unscored:,}", style="bold red" if figures.unscored else "dim")
    return [*numbers, zero, f"{figures.applies:,}", unscored]


def safe(text: str, style: str = "") -> Text:
    """Text that can neither write markup nor move the cursor."""
    return Text(visible(text), style=style)


def right(name: str) -> Column:
    """A column of numbers."""
    return Column(name, justify="right")


def number(value: float | None) -> str:
    """Three digits; a dash where there is none."""
    return "–" if value is None else f"{value:.3f}"


def percent(share: float | None) -> str:
    """A share as per cent; a dash where it is not known."""
    return "–" if share is None else f"{share:.1%}"


def part(count: int, of: int) -> str:
    """``12 of 6,400 (0.2%)``."""
    return f"{count:,} of {of:,}" + (f" ({count / of:.1%})" if of else "")
