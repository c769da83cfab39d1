"""Replays and forecasts for people on a terminal."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Group as Together
from rich.console import RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from rewards.hindsight.forecast import Forecast
from rewards.hindsight.replay import Moved, Overturn, Replay
from rewards.hindsight.rescoring import Group, Rescored
from rewards.score import Unscored
from rl.terminal.scores import fault_notes, number, part, percent, right, safe

MOST_CHANGES = 4
"""How many rewards an example shows: those in which its two completions differ the most."""


def replay_tables(found: Replay, old: str, new: str, examples: int) -> list[RenderableType]:
    """What a new rubric moves, and the cases in which it turns the order over most.

    Args:
        old: what the old side is called.
        new: what the new side is called.
        examples: how many such cases.
    """
    pairs, groups = found.pairs, found.groups
    table = Table(show_header=False, title=safe(f"within groups, {old}, {new}"), title_justify="left")
    table.add_row("Spearman's rank correlation", f"{number(found.spearman)} (mean of {found.correlated:,} groups)")
    table.add_row("Kendall's tau-b", f"{number(found.kendall)} (the same)")
    table.add_row("another completion is best", part(len(found.overturned), groups) + " groups")
    table.add_row("pairs that change places", part(pairs.swapped, pairs.count))
    table.add_row("pairs no longer told apart", part(pairs.tied, pairs.count))
    table.add_row("pairs told apart now", part(pairs.parted, pairs.count))
    table.add_row("completions pushed the other way", percent(found.turned))
    return [table, _rewards(found), *map(_example, found.overturned[:examples])]


def forecast_table(found: Forecast, old: str, new: str) -> Table:
    """Two rubrics side by side: how much there is to learn, and what speaks loudest.

    Args:
        old: what the old side is called.
        new: what the new side is called.
    """
    before, after = found.old, found.new
    table = Table("", title=f"{found.completions:,} completions", title_justify="left")
    for name in (old, new):
        table.add_column(safe(name), justify="right")
    rows = {
        "groups with two scored completions or more": (f"{before.groups:,}", f"{after.groups:,}"),
        "groups that teach nothing (zero variance)": (percent(before.flat), percent(after.flat)),
        "spread of totals within a group": (number(before.spread), number(after.spread)),
        "mean total": (number(before.total), number(after.total)),
        "are a ruling": (percent(before.parsed), percent(after.parsed)),
        "earn the floor": (percent(before.closed), percent(after.closed)),
        "unscored": (percent(before.unscored), percent(after.unscored)),
    }
    for name, cells in rows.items():
        table.add_row(name, *cells)
    table.add_section()
    shares = [outlook.shares or {} for outlook in (before, after)]
    for name in dict.fromkeys(name for each in (shares[1], shares[0]) for name in each):
        if any(abs(each.get(name, 0.0)) >= 5e-4 for each in shares):
            table.add_row(safe(f"share of the spread: {name}"), *(percent(each.get(name)) for each in shares))
    return table


def faults(groups: Sequence[Group]) -> list[Text]:
    """The rewards of either rubric that failed, and how."""
    answers = [answer for group in groups for answer in group.members]
    counts: Counter[str] = Counter()
    first: dict[str, Unscored] = {}
    for answer in answers:
        found = {fault.reward: fault for fault in (*answer.old.faults, *answer.new.faults)}
        counts.update(found.keys())
        first = found | first
    return fault_notes(counts, first, len(answers))


def _rewards(found: Replay) -> Table:
    table = Table("reward", *map(right, ("old mean", "new mean", "changed")))
    for name, moved in found.rewards.items():
        table.add_row(safe(name), *_moved(moved))
    table.add_section()
    table.add_row(Text("total", style="bold"), *_moved(found.total))
    return table


def _moved(moved: Moved) -> tuple[str, str, str]:
    return number(moved.old), number(moved.new), percent(moved.changed)


def _example(found: Overturn) -> Panel:
    rewards = _differing(found.before, found.after)
    table = Table("", *map(right, ("old total", "new total")))
    for reward in rewards:
        table.add_column(safe(reward), justify="right")
    for name, answer in (("was best", found.before), ("is best", found.after)):
        values = (number(answer.new.values.get(reward)) for reward in rewards)
        table.add_row(name, number(answer.old.total), number(answer.new.total), *values)
    texts = [
        Text(f"{name}: ", style="bold").append(safe(answer.rollout.episode.completion, "dim not bold"))
        for name, answer in (("was best", found.before), ("is best", found.after))
    ]
    return Panel(Together(table, *texts), title=safe(f"{found.group.case}, step {found.group.step}"))


def _differing(one: Rescored, other: Rescored) -> Sequence[str]:
    """The rewards in which two completions differ under the new rubric, the greatest difference first."""

    def distance(name: str) -> float:
        return abs((one.new.values[name] or 0.0) - (other.new.values.get(name) or 0.0))

    return sorted((name for name in one.new.values if distance(name) > 0), key=lambda name: -distance(name))[
        :MOST_CHANGES
    ]
