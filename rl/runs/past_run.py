"""Past run: its rollouts with the cases and the rulebook that they are about, so that they can be scored anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data import Brief, Briefs, DataError, load_cases
from data.windows import windows_of
from rl.runs.excerpts import excerpts_of
from rl.runs.folder import RUN, RunFolder
from rl.runs.own_memory import OwnMemory
from rl.runs.rollouts import Rollout, read_rollouts

_SHOWN = ("text", "images", "frames", "transcript", "page", "rules")
"""What tells two cases apart."""


@dataclass(frozen=True, slots=True)
class PastRun:
    """What a run left of its training."""

    rollouts: list[Rollout]
    briefs: Briefs
    """Of the cases that it trained on."""
    steps: int | None
    """How many the training had; None where there is no ``run.json``."""


def open_past_run(run: str | Path, data: Sequence[str] = (), rulebook: str | None = None) -> PastRun:
    """Reads a run's rollouts, and the cases and the rulebook that its ``run.json`` names.

    Args:
        run: the run's folder, or its rollouts.
        data: cases to take instead.
        rulebook: one to take instead.

    Raises:
        DataError: something is missing; says which option would give it.
    """
    return PastRun(read_rollouts(run), cases_of(run, data, rulebook), RunFolder.around(run).facts().steps)


def check_same_cases(runs: Sequence[PastRun]) -> None:
    """Makes sure that several runs mean one case by one id: what was written about one says nothing of another.

    Raises:
        DataError: two have other gold for a case, or show another one under its id.
    """
    known: dict[str, Brief] = {}
    for brief in (brief for run in runs for brief in run.briefs):
        first = known.setdefault(brief.id, brief)
        if first.gold != brief.gold:
            raise DataError(f"the runs have other gold for case '{brief.id}': take them one by one", field="gold")
        if other := next((name for name in _SHOWN if getattr(first.case, name) != getattr(brief.case, name)), None):
            message = f"the runs know two cases by the id '{brief.id}', which differ in {other}: take them one by one"
            raise DataError(message, field=other)


def cases_of(run: str | Path, data: Sequence[str] = (), rulebook: str | None = None) -> Briefs:
    """The cases that a run trained on, under its rulebook.

    Args:
        run: the run's folder, or what lies in it.
        data: cases to take instead.
        rulebook: one to take instead.

    Raises:
        DataError: something is missing; says which option would give it.
    """
    facts = RunFolder.around(run).facts()
    sources = list(data) or facts.recipe.data.train
    book = rulebook or facts.recipe.data.rulebook
    if not sources or not book:
        option, what = ("--data", "cases") if not sources else ("--rulebook", "rulebook")
        raise DataError(f"there is no {RUN} that names the run's {what}: give {option}", file=run)
    try:
        bound = excerpts_of(book, facts.recipe.data.excerpt).bind(load_cases(*sources))
        return _as_trained_on(bound, RunFolder.around(run))
    except DataError as error:
        if data and rulebook:
            raise
        options = " and ".join(o for o, given in (("--data", data), ("--rulebook", rulebook)) if not given)
        message = f"{error.message} ({RUN} of '{run}' names it: if it lies elsewhere now, give {options})"
        raise DataError(message, file=error.file, line=error.line, field=error.field) from error


def _as_trained_on(briefs: Briefs, run: RunFolder) -> Briefs:
    """Cut into windows where the run's were, each told of what it was told then."""
    windows = run.facts().recipe.data.windows
    if windows is None:
        return briefs
    cut = windows_of(briefs, windows)
    return cut if windows.memory == "gold" else OwnMemory.read(run.memory).told(cut, run.memory)
