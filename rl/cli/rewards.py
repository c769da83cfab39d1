"""``ruling rewards``: the reward designer's tools."""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from data import Briefs, DataError, load_cases
from rl.cli.excerpts import Excerpt, read_excerpt
from rl.cli.media import AllowMedia
from rl.cli.numbers import MOST_SEED, finite

if TYPE_CHECKING:
    from rewards import Group, Rubric

app = typer.Typer(
    help=(
        "Design rewards: [bold]show[/] a rubric, [bold]score[/] completions by it, [bold]audit[/] it for ways to "
        "cheat it, and see what it would change on rollouts of an earlier run ([bold]replay[/], [bold]forecast[/])."
    ),
    rich_markup_mode="rich",
    no_args_is_help=True,
)

BESIDE = "rulebook.yaml"
"""The rulebook that is taken where none is given, if it lies beside the cases."""

RubricName = Annotated[str, typer.Option("--rubric", help="YAML file, or the name of a shipped rubric.")]
Data = Annotated[list[str], typer.Option(help="Cases: JSONL files, folders or datasets.")]
Book = Annotated[
    str | None, typer.Option("--rulebook", help=f"YAML file or shipped name; {BESIDE} beside the cases if left out.")
]
At = Annotated[
    float, typer.Option(min=0, max=1, callback=finite, help="For schedules: how much of the training is done, 0..1.")
]
Rollouts = Annotated[Path, typer.Argument(help="A run's folder, its rollouts/, or one part of them.")]
OldRubric = Annotated[
    str | None,
    typer.Option("--rubric-old", help="Compare with this rubric, rather than with the totals that the run saved."),
]
PastData = Annotated[list[str] | None, typer.Option("--data", help="The run's cases; else those of its run.json.")]
PastBook = Annotated[str | None, typer.Option("--rulebook", help="The run's rulebook; else that of its run.json.")]


@app.command()
def show(
    rubric: Annotated[str, typer.Argument(help="YAML file, or the name of a shipped rubric.")],
    at: At = 1.0,
) -> None:
    """Print a rubric: its rewards, its prices, and when escalating is best; and the files and modules of its own that
    it names. They are run when it is loaded, here too. Nothing is built, so it works offline.
    """
    from rewards import Rubric
    from rl.terminal.scores import rubric_tables

    _print(*rubric_tables(Rubric.load(rubric), at))


@app.command()
def score(
    rubric: RubricName,
    data: Data,
    completions: Annotated[
        Path, typer.Option(help="JSONL of {id, completion}, predictions.parquet, or a run with rollouts.")
    ],
    rulebook: Book = None,
    excerpt: Excerpt = None,
    out: Annotated[Path | None, typer.Option(help="Parquet file for every completion's components.")] = None,
    case: Annotated[str | None, typer.Option(help="Print the card of this case's completion instead.")] = None,
    sample: Annotated[int, typer.Option(min=0, help="Which of the case's completions, from 0, in order.")] = 0,
    at: At = 1.0,
    allow_media: AllowMedia = None,
) -> None:
    """Score completions: a table of every reward, and with --case ID one completion's card."""
    from rewards import Rubric
    from rl.runs.scores import score_completions
    from rl.runs.written import read_completions
    from rl.terminal.scores import card_panel, summary_notes, summary_table

    if case is not None and out is not None:
        raise DataError("--case prints one card and writes nothing: leave out --case or --out")
    loaded, briefs = Rubric.load(rubric).at(at), bound(data, rulebook, excerpt)
    written = read_completions(completions)
    if case is not None:
        about = briefs[case]
        found = [one for one in written if one.case == case]
        if sample >= len(found):
            raise DataError(f"holds {len(found)} completions of case '{case}'", file=completions)
        text = found[sample].completion
        (card,) = loaded.score_many([text], [about])
        _print(card_panel(card, text))
        _check_unscored(card.total is None, 1, loaded)
        return
    with progress("scoring", len(written)) as advance:
        summary = score_completions(written, briefs, loaded, out, advance)
    _print(summary_table(summary), *summary_notes(summary))
    if out is not None:
        _print(Text(f"written to {out}"))
    _check_unscored(summary.total.unscored, summary.count, loaded)


@app.command()
def audit(
    rubric: RubricName,
    data: Data,
    rulebook: Book = None,
    excerpt: Excerpt = None,
    cases: Annotated[int | None, typer.Option(min=2, help="How many cases to draw; all if left out.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Of the draw, and of all chance.")] = 0,
    prior: Annotated[
        list[float] | None,
        typer.Option(
            callback=finite,
            help="Also say what pays best without looking where this share of cases violates, as in 0.02.",
        ),
    ] = None,
    at: At = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
    allow_media: AllowMedia = None,
) -> None:
    """See how a model could cheat a rubric, before one does. Exit code 1 if it could.

    Content-blind cheats are rated by their break-even accuracy: how often an honest reviewer must be right to earn as
    much, where gold verdicts come up alike, as in the data, and at any --prior. Cheats that know gold, and damage to
    gold, must earn less than gold; reasoning that the answer does not follow from less than an honest error; padding
    must earn nothing.
    """
    from rewards import Rubric
    from rewards.audit import CHEATS
    from rewards.audit import audit as try_cheats
    from rl.terminal.audit import audit_tables

    loaded, briefs = Rubric.load(rubric), bound(data, rulebook, excerpt)
    with progress("auditing", len(CHEATS)) as advance:
        report = try_cheats(loaded.at(at), briefs, sample=cases, seed=seed, priors=prior or (), advance=advance)
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        _print(*audit_tables(report))
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def replay(
    rollouts: Rollouts,
    rubric: RubricName,
    rubric_old: OldRubric = None,
    data: PastData = None,
    rulebook: PastBook = None,
    examples: Annotated[int, typer.Option(min=0, help="How many cases to print whose best completion changes.")] = 2,
    allow_media: AllowMedia = None,
) -> None:
    """Score a run's rollouts by a new rubric, and see what moves."""
    from rewards import Rubric
    from rewards import replay as moves
    from rl.terminal.replay import faults, replay_tables

    new = Rubric.load(rubric)
    groups, old = _rescored(rollouts, new, rubric_old, data, rulebook)
    _print(*replay_tables(moves(groups), old, f"new: {new.name}", examples), *faults(groups))
    _check_rescored(groups, new)


@app.command()
def forecast(
    rollouts: Rollouts,
    rubric: RubricName,
    rubric_old: OldRubric = None,
    data: PastData = None,
    rulebook: PastBook = None,
    allow_media: AllowMedia = None,
) -> None:
    """Foretell from a run's rollouts how much a new rubric would give training to learn from."""
    from rewards import Rubric
    from rewards import forecast as outlook
    from rl.terminal.replay import faults, forecast_table

    new = Rubric.load(rubric)
    groups, old = _rescored(rollouts, new, rubric_old, data, rulebook)
    _print(forecast_table(outlook(groups), old, f"new: {new.name}"), *faults(groups))
    _check_rescored(groups, new)


def bound(data: list[str], rulebook: str | None, excerpt: str | None) -> Briefs:
    """The cases with their excerpts of the rulebook, which may lie beside them."""
    from rl.runs.excerpts import excerpts_of

    return excerpts_of(rulebook_for(data, rulebook), read_excerpt(excerpt)).bind(load_cases(*data))


def rulebook_for(data: list[str], given: str | None) -> str:
    """The rulebook that is given, or the one that lies beside the cases.

    Raises:
        DataError: there is neither.
    """
    if given is not None:
        return given
    beside = [path / BESIDE for source in data for path in (Path(source), Path(source).parent)]
    found = next((path for path in beside if path.is_file()), None)
    if found is None:
        raise DataError(f"there is no {BESIDE} beside the cases: give --rulebook")
    return str(found)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Shows a progress bar while long work is done; gives a function to tell of what is done. Faults are not warned of
    batch by batch: every verb tells of all of them in the end.
    """
    from rl.terminal.progress import counting

    scoring = logging.getLogger("rewards.scoring.scorer")
    scoring.disabled = True
    try:
        with counting(what, total) as reached:
            done = 0

            def advance(more: int) -> None:
                nonlocal done
                done += more
                reached(done)

            yield advance
    finally:
        scoring.disabled = False


def _rescored(
    run: Path, new: "Rubric", rubric_old: str | None, data: list[str] | None, rulebook: str | None
) -> "tuple[list[Group], str]":
    """The groups, and what the old side is called."""
    from rewards import Rubric, rescore
    from rl.runs.past_run import open_past_run

    old = Rubric.load(rubric_old) if rubric_old else None
    past = open_past_run(run, data or (), rulebook)
    with progress("scoring", len(past.rollouts)) as advance:
        groups = rescore(past.rollouts, past.briefs, new, old, past.steps, advance)
    return groups, f"old: {old.name}" if old else "old: as saved"


def _check_rescored(groups: "Sequence[Group]", rubric: "Rubric") -> None:
    totals = [answer.new.total for group in groups for answer in group.members]
    _check_unscored(totals.count(None), len(totals), rubric)


def _check_unscored(unscored: int, of: int, rubric: "Rubric") -> None:
    """What would stop a training step is an error here too, once everything has been shown.

    Raises:
        TooManyUnscored: more stayed unscored than the rubric allows.
    """
    from rewards.reward_function import TooManyUnscored

    if unscored > rubric.unscored_limit * of:
        raise TooManyUnscored(
            f"{unscored:,} of {of:,} completions stayed unscored, and rubric '{rubric.name}' allows "
            f"{rubric.unscored_limit:.0%} (unscored_limit): mend the rewards that failed"
        )


def _print(*things: object) -> None:
    console = Console(highlight=False, emoji=False)
    for thing in things:
        console.print(thing)
