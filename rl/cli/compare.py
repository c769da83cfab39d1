"""``ruling compare``: which of several evaluated models reviews better, and whether one may be launched."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.text import Text

from data import DataError
from rl.cli.excerpts import read_excerpt
from rl.cli.media import AllowMedia, CopyRecordings
from rl.cli.numbers import MOST_SEED
from rl.terminal.safe_text import visible

app = typer.Typer()


@app.command()
def compare(
    baseline: Annotated[Path, typer.Argument(help="Folder of the evaluation to compare with.")],
    others: Annotated[list[Path], typer.Argument(help="Folders of the evaluations to compare with it.")],
    out: Annotated[Path, typer.Option(help="The page; comparison.json and Parquet tables go beside it.")],
    gate: Annotated[Path | None, typer.Option(help="YAML of what must not get worse, and by how much.")] = None,
    primary: Annotated[str, typer.Option(help="The metric to judge by, chosen beforehand.")] = "verdict_accuracy",
    data: Annotated[list[str] | None, typer.Option(help="Cases, where they are no longer where they were.")] = None,
    rulebook: Annotated[str | None, typer.Option(help="Rulebook, where it is no longer where it was.")] = None,
    excerpt: Annotated[
        str | None, typer.Option(help="Rules that cases were shown, where it is not as the baseline noted.")
    ] = None,
    reviews: Annotated[list[Path] | None, typer.Option(help="Decisions of reviewers, exported from a page.")] = None,
    resamples: Annotated[int, typer.Option(min=100, max=1_000_000, help="Of the bootstrap.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Of the bootstrap.")] = 0,
    copy_recordings: CopyRecordings = False,
    allow_media: AllowMedia = None,
) -> None:
    """Compare evaluated models on the same cases, pair by pair.

    With a gate the exit code is 0 if it passes, and 1 if it fails or cannot be decided. A gate looks like this:

        name: launch
        criteria:
        - {metric: verdict_accuracy, margin: 0.01}
        - {metric: miss_rate, margin: 0.03, severity: critical}
        - {metric: rule_recall, margin: 0.05, each: rule}
        - {metric: false_flag_rate, at_most: 0.05}
    """
    from data import load_cases
    from rl.evaluation import Gate, load_evaluation, save_comparison, write_report
    from rl.evaluation import compare as compare_models
    from rl.evaluation.comparison.tables import COLOURS, reliability_table, tables
    from rl.evaluation.evaluation import spent_by
    from rl.evaluation.reviews import load_reviews, reliability_of
    from rl.runs.excerpts import excerpts_of

    held = Gate.load(gate) if gate is not None else None
    evaluations = distinct([load_evaluation(folder) for folder in (baseline, *others)], [baseline, *others])
    decided = reliability_of(load_reviews(*reviews), evaluations, resamples=resamples, seed=seed) if reviews else []
    files, rules = read_from(evaluations[0], data, rulebook)
    chosen = excerpt if excerpt is not None else evaluations[0].provenance.get("read", {}).get("excerpt", "named")
    briefs = windowed(excerpts_of(rules, read_excerpt(chosen)).bind(load_cases(*files)), evaluations[0])
    found = compare_models(*evaluations, primary=primary, gate=held, book=briefs.book, resamples=resamples, seed=seed)
    found = replace(found, details=found.details + since_then(evaluations[0], briefs))
    console = Console(emoji=False)
    style = COLOURS[found.gate.decision] if found.gate is not None else "bold"
    console.print(Text(visible(found.sentence), style=style))
    console.print(Text(visible(found.details)), "")
    for table in tables(found):
        console.print(table)
    if decided:
        console.print(reliability_table(decided))
    gained, lost = (len({f.case for f in found.flips if f.direction == way}) for way in ("gained", "lost"))
    said = f"{gained:,} gained, {lost:,} lost, {len(found.suspects):,} with suspect gold"
    console.print(Text(f"cases to look at: {said}"))
    for name, took in spent_by(evaluations).items():
        console.print(Text(visible(f"{name} took {took}")))
    save_comparison(found, out.parent)
    shown = {found.split: briefs}
    page = write_report(out, evaluations, shown, comparisons=[found], recordings=copy_recordings, progress=True)
    console.print(Text(f"report: {page}, {decimal(page.stat().st_size)}"))
    if found.gate is not None and found.gate.decision != "pass":
        raise typer.Exit(1)


def distinct(evaluations: list[Any], folders: list[Path]) -> list[Any]:
    """The evaluations under names that tell them apart: of those called alike, the folder is the name, where it is
    given from the root as seen from the one that all lie in. All are on the baseline's split, whatever theirs is
    called: what counts is that the cases are the same."""
    names = [evaluation.name for evaluation in evaluations]
    whole = [Path(os.path.abspath(folder)) for folder in folders]
    shared = os.path.commonpath([folder.parent for folder in whole])
    told = [
        place.relative_to(shared) if folder.is_absolute() else folder
        for folder, place in zip(folders, whole, strict=True)
    ]
    split = evaluations[0].split
    return [
        replace(evaluation, name=name if names.count(name) == 1 else str(folder), split=split)
        for evaluation, name, folder in zip(evaluations, names, told, strict=True)
    ]


def since_then(evaluation: Any, briefs: Any) -> str:
    """What of the gold and the rules at hand is no longer what an evaluation was measured by; empty if all is."""
    from rl.evaluation.origin import Origin

    golds = {prediction.case: prediction.gold for prediction in evaluation.predictions}
    other = [case for case, gold in golds.items() if case in briefs and briefs[case].gold != gold]
    origin = Origin.read(evaluation.provenance)
    changed = []
    if other:
        named = ", ".join(other[:3]) + (", …" if len(other) > 3 else "")
        changed.append(f"the gold of {len(other):,} case{'s' if len(other) > 1 else ''} ({named})")
    if origin is not None and origin.rulebook != briefs.book.fingerprint:
        changed.append("the rulebook")
    told = " and ".join(changed)
    return f" Since they were measured, {told} changed; the figures are of what was: evaluate again." if told else ""


def windowed(briefs: Any, evaluation: Any) -> Any:
    """The windows of cases, where the evaluation notes that it is about them; the cases as they are where not."""
    from data.windows import windows_of
    from rl.cli.excerpts import read_windows

    windows = read_windows(evaluation.provenance.get("read", {}).get("windows"))
    return windows_of(briefs, windows, remembering=False) if windows is not None else briefs


def read_from(evaluation: Any, data: list[str] | None, rulebook: str | None) -> tuple[list[str], str]:
    """Where the cases and the rulebook are: as given, or as the evaluation noted.

    Raises:
        DataError: neither says it.
    """
    noted = evaluation.provenance.get("read", {})
    data, rulebook = data or noted.get("data"), rulebook or noted.get("rulebook")
    if not data or not rulebook:
        missing = "--data and --rulebook" if not data and not rulebook else "--data" if not data else "--rulebook"
        raise DataError(f"'{evaluation.name}' does not say what it was evaluated on: give {missing}")
    return data, rulebook
