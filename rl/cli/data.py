"""``ruling data``: check case files, map foreign files, prepare media, pair rulings."""

import json
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from data.checking.check import check_files
from data.checking.quarantine import quarantine
from data.checking.report import UNANNOTATED, Report
from data.foreign.convert import Conversion, convert_file
from data.media.video.choice import Pick
from data.preparing.capture import capture_pages
from data.preparing.prepare import SECONDS
from data.preparing.prepare import prepare as prepare_cases
from data.preparing.run import Prepared
from data.preparing.settings import PrepareSettings
from data.reading.loading import REJECTED, read_rows
from data.reading.problem import Problem
from data.rulebook import Rulebook
from data.ruling import VERDICTS
from rl.cli.media import AllowMedia
from rl.cli.numbers import MOST_SEED, finite
from rl.terminal.progress import counting
from rl.terminal.safe_text import one_line

app = typer.Typer(
    help="Validate case files; map foreign files; prepare media; draw the embedded benchmark; pair rulings; "
    "make twins; find gold that is wrong.",
    no_args_is_help=True,
)

EXAMPLES = 5
"""How many problems of one kind are printed; ``--json`` has them all."""


@app.command()
def check(
    files: Annotated[list[str], typer.Argument(help="Case files, folders or datasets; each file counts as a split.")],
    rulebook: Annotated[str, typer.Option(help="YAML file, or the name of a shipped rulebook.")],
    quarantine_to: Annotated[
        Path | None, typer.Option("--quarantine", help="Write good and bad rows apart into this new folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
    allow_media: AllowMedia = None,
) -> None:
    """Look for everything that would spoil training. Exit code 1 if there is anything."""
    book = Rulebook.load(rulebook)
    report = check_files(*files, book=book)
    console = Console(stderr=as_json, highlight=False, emoji=False)
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        _print_report(console, report, book)
    if quarantine_to is not None:
        apart = quarantine(report, quarantine_to)
        console.print(f"quarantine: {apart.good} good rows, {apart.bad} bad rows in {escape(str(quarantine_to))}")
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(help="CSV, TSV, JSON or JSONL file; image paths are relative to it.")],
    mapping: Annotated[str, typer.Option(help="YAML file, or the name of a shipped mapping.")],
    out: Annotated[Path, typer.Option(help="Folder for cases.jsonl, media/ and rejected.jsonl.")],
    allow_media: AllowMedia = None,
) -> None:
    """Turn somebody else's file into cases. Rows that do not fit go to rejected.jsonl with the reason."""
    _print_conversion(Console(highlight=False, emoji=False), convert_file(source, mapping, out))


@app.command()
def pairs(
    completions: Annotated[
        Path, typer.Argument(help="A run with rollouts, a predictions.parquet, or JSONL of {id, completion}.")
    ],
    rubric: Annotated[
        str, typer.Option(help="YAML file, or the name of a shipped rubric: what says which is better.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for train.jsonl and test.jsonl.")],
    data: Annotated[list[str] | None, typer.Option(help="The cases; else those of the run's run.json.")] = None,
    rulebook: Annotated[str | None, typer.Option(help="Their rulebook; else that of the run's run.json.")] = None,
    by: Annotated[
        str | None, typer.Option(help="Go by this reward of the rubric, such as judge, and not by the total.")
    ] = None,
    margin: Annotated[
        float, typer.Option(min=0, callback=finite, help="How far apart two rulings are at least; closer is a tie.")
    ] = 0.1,
    most: Annotated[int, typer.Option(min=1, help="Pairs of one case at most.")] = 4,
    held_out: Annotated[
        float, typer.Option(min=0.01, max=0.99, callback=finite, help="Share of cases whose pairs go to test.jsonl.")
    ] = 0.2,
    any_length: Annotated[
        bool, typer.Option("--any-length", help="Keep all pairs, though the longer ruling may be better more often.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Of the split, and of all chance.")] = 0,
    allow_media: AllowMedia = None,
) -> None:
    """Pair rulings on one case by what a rubric gives them, for a reward model to learn from. Near-duplicates of a
    case stay on one side, and the better ruling is the longer one as often as not.
    """
    from rewards import Rubric
    from rl.cli.rewards import progress
    from rl.curation.pairs import Wanted, make_pairs
    from rl.runs.past_run import cases_of
    from rl.runs.preferences import save_preferences
    from rl.runs.written import read_completions

    wanted = Wanted(by, margin, most, held_out, not any_length, seed)
    loaded, written = Rubric.load(rubric), read_completions(completions)
    briefs = cases_of(completions, data or (), rulebook)
    with progress("scoring", len(written)) as advance:
        found = make_pairs(written, briefs, loaded, wanted, advance)
    console = Console(highlight=False, emoji=False)
    for name, part in (("train", found.train), ("test", found.test)):
        save_preferences(part, out / f"{name}.jsonl")
        cases = len({pair.case for pair in part})
        console.print(
            f"{_shown(out / name)}.jsonl: {_count(len(part), 'pair')} on {_count(cases, 'case')}", soft_wrap=True
        )
    left_out = ", ".join(f"{count:,} {why}" for why, count in found.left_out.items() if count)
    console.print(f"left out: {left_out or 'nothing'}")


@app.command()
def prepare(
    files: Annotated[list[str], typer.Argument(help="Case files, folders or datasets.")],
    out: Annotated[Path, typer.Option(help="Folder for cases.jsonl, media/ and rejected.jsonl.")],
    config: Annotated[Path | None, typer.Option(help="YAML file with the settings; options go before it.")] = None,
    frames: Annotated[int | None, typer.Option(min=1, max=1024, help="Most frames of a video. [default: 8]")] = None,
    pick: Annotated[Pick | None, typer.Option(help="Evenly, by scene, or half of each. [default: uniform]")] = None,
    pixels: Annotated[int | None, typer.Option(min=1024, help="Most pixels of a frame. [default: 200704]")] = None,
    speech: Annotated[
        str | None,
        typer.Option(help="Speech recognition: a folder or name of faster-whisper or Whisper, or a server's address."),
    ] = None,
    served_model: Annotated[str | None, typer.Option(help="What the speech server calls its model.")] = None,
    language: Annotated[str | None, typer.Option(help="What is spoken, such as en; else found out.")] = None,
    sound_picture: Annotated[bool | None, typer.Option(help="Show sound as a picture, too.")] = None,
    page_sections: Annotated[int | None, typer.Option(min=1, help="Most sections shown of a page.")] = None,
    page_characters: Annotated[int | None, typer.Option(min=1, help="Most characters shown of a page.")] = None,
    processes: Annotated[int, typer.Option(min=1, max=256, help="How many work at once.")] = 1,
    seconds: Annotated[float, typer.Option(min=1, callback=finite, help="That one case may take.")] = SECONDS,
    allow_media: AllowMedia = None,
) -> None:
    """Make what models are shown of videos, recordings and pages: frames, transcripts, sections. Goes on where it was
    stopped. Exit code 1 if a case could not be prepared; it is in rejected.jsonl with the reason."""
    given = {
        "video.frames": frames, "video.pick": pick, "video.pixels": pixels,
        "speech.model": speech, "speech.served_model": served_model, "speech.language": language,
        "sound_picture": sound_picture, "page.sections": page_sections, "page.characters": page_characters,
    }  # fmt: skip
    settings = PrepareSettings.of(config, {key: value for key, value in given.items() if value is not None})
    with _counting_cases("preparing", files) as reached:
        outcome = prepare_cases(
            *files, out=out, settings=settings, processes=processes, seconds=seconds, reached=reached
        )
    _end_with(outcome)


@app.command()
def capture(
    files: Annotated[list[str], typer.Argument(help="Case files, folders or datasets with addresses of pages.")],
    out: Annotated[Path, typer.Option(help="Folder for cases.jsonl, media/ and rejected.jsonl.")],
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="A further host that pages may ask, or one of your own network. Can be repeated."),
    ] = None,
    page_seconds: Annotated[float, typer.Option(min=1, max=600, callback=finite, help="A page may load.")] = 20.0,
    processes: Annotated[int, typer.Option(min=1, max=64, help="How many browsers at once.")] = 1,
    allow_media: AllowMedia = None,
) -> None:
    """Keep the pages of the web that cases lead to, as they stand now, with a picture. No host but a page's own is
    asked. Exit code 1 if a page could not be captured."""
    with _counting_cases("capturing", files) as reached:
        outcome = capture_pages(
            *files, out=out, allow=allow_host or (), page_seconds=page_seconds, processes=processes, reached=reached
        )
    _end_with(outcome)


def _counting_cases(doing: str, files: list[str]) -> AbstractContextManager[Callable[[int], None]]:
    return counting(doing, sum(row.case is not None for row in read_rows(*files)))


def _end_with(outcome: Prepared) -> None:
    _print_prepared(Console(highlight=False, emoji=False), outcome)
    if outcome.rejected:
        raise typer.Exit(1)


def _print_prepared(console: Console, outcome: Prepared) -> None:
    cases = outcome.cases
    made = {
        "frame": sum(len(case.frames) for case in cases),
        "transcript line": sum(len(case.transcript) for case in cases),
        "sound picture": sum(case.sound is not None for case in cases),
        "page section": sum(len(case.page.sections) for case in cases if case.page is not None),
    }
    counted = ", ".join(_count(number, noun) for noun, number in made.items() if number)
    console.print(f"[green]{_count(len(cases), 'case')}[/]{': ' if counted else ''}{counted}")
    if outcome.uncaptured:
        pages = _count(outcome.uncaptured, "page")
        console.print(f"[yellow]{pages} known by address only[/]: keep them with ruling data capture")
    if outcome.rejected:
        console.print(f"[yellow]{_count(len(outcome.rejected), 'case')} rejected[/], see {REJECTED}")
        for reason, count in outcome.reasons.most_common(EXAMPLES):
            console.print(f"  {count} × {_shown(reason)}", soft_wrap=True)
    console.print(f"written to {_shown(outcome.out / 'cases.jsonl')}", soft_wrap=True)


def _print_report(console: Console, report: Report, book: Rulebook) -> None:
    console.print(_files(report))
    console.print(_rules(report, book))
    console.print(_sizes(report))
    if report.duplicates:
        console.print(f"{report.duplicates} cases are near-duplicates of an earlier one")
    for level, colour in (("error", "red"), ("warning", "yellow")):
        kinds: dict[str, list[Problem]] = defaultdict(list)
        for problem in report.problems:
            if problem.level == level:
                kinds[problem.kind].append(problem)
        for kind, problems in kinds.items():
            console.print(f"[bold {colour}]{level}: {kind}[/] ({len(problems)})")
            for problem in problems[:EXAMPLES]:
                console.print(f"  {_shown(problem)}", soft_wrap=True)
            if len(problems) > EXAMPLES:
                console.print(f"  … and {len(problems) - EXAMPLES} more; --json prints them all")
    warnings = len(report.problems) - len(report.errors)
    colour = "green" if report.ok else "red"
    console.print(f"[{colour}]{_count(len(report.errors), 'error')}[/], {_count(warnings, 'warning')}")


def _files(report: Report) -> Table:
    table = Table("file", *(_right(name) for name in ("rows", "cases", "groups")), title="Cases")
    verdicts = [v for v in (*VERDICTS, UNANNOTATED) if any(file.verdicts[v] for file in report.files)]
    for verdict in verdicts:
        table.add_column(verdict, justify="right")
    for file in report.files:
        counts = (file.rows, file.cases, len(file.groups), *(file.verdicts[verdict] for verdict in verdicts))
        table.add_row(_shown(file.file), *map(str, counts))
    return table


def _rules(report: Report, book: Rulebook) -> Table:
    """How often each rule is broken, of how many excerpts that show it."""
    table = Table("rule", "title", "severity", title="Rules: broken / shown")
    for file in report.files:
        table.add_column(_shown(file.file.name), justify="right")
    own = {rule for file in report.files for rule in file.shown if rule not in book}
    for rule in (*book.ids, *sorted(own)):
        title, severity = (book[rule].title, book[rule].severity) if rule in book else ("(the cases' own)", "")
        shares = (f"{file.broken[rule]} / {file.shown[rule]}" for file in report.files)
        table.add_row(_shown(rule), _shown(title), severity, *shares)
    return table


def _sizes(report: Report) -> Table:
    table = Table("size", *(_right(name) for name in ("count", "least", "median", "95 %", "most")), title="Sizes")
    texts = {f"{name}, characters": spread for name, spread in report.text.items()}
    images = {f"image {side}, pixels": spread for side, spread in report.images.items()}
    for name, spread in {**texts, **images}.items():
        numbers = (spread.count, spread.least, spread.median, spread.p95, spread.most)
        table.add_row(_shown(name), *(f"{number:,}" for number in numbers))
    return table


def _print_conversion(console: Console, conversion: Conversion) -> None:
    cases = conversion.cases
    counts = {v: sum(case.gold is not None and case.gold.verdict == v for case in cases) for v in VERDICTS}
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    groups = len({case.cluster for case in cases})
    images = sum(len(case.images) for case in cases)
    console.print(
        f"[green]{_count(len(cases), 'case')}[/] in {groups} groups, {images} images: {verdicts or 'no gold'}"
    )
    if conversion.rejected:
        console.print(f"[yellow]{_count(len(conversion.rejected), 'row')} rejected[/], see rejected.jsonl")
        for reason, count in conversion.reasons.most_common(EXAMPLES):
            console.print(f"  {count} × {_shown(reason)}", soft_wrap=True)
    for warning in conversion.warnings[:EXAMPLES]:
        console.print(f"[yellow]warning[/]: {_shown(warning)}", soft_wrap=True)
    if len(conversion.warnings) > EXAMPLES:
        console.print(f"  … and {len(conversion.warnings) - EXAMPLES} more warnings")
    console.print(f"written to {_shown(conversion.out / 'cases.jsonl')}", soft_wrap=True)


def _right(name: str) -> Column:
    return Column(name, justify="right")


def _shown(message: object) -> str:
    """What somebody else may have written, as text that moves no cursor, is no markup and begins no line."""
    return escape(one_line(str(message)))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
