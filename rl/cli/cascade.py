"""``ruling cascade``: let a cheap pass decide who is reviewed with reasoning, under a promised miss rate."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from data import DataError
from rl.cli.numbers import finite
from rl.terminal.safe_text import visible

app = typer.Typer(
    help=(
        "A cheap pass (any evaluation with risks: a small model, a file of predictions) approves what it is sure of; "
        "the rest is reviewed with reasoning. [bold]fit[/] chooses on validation cases how sure it has to be for a "
        "promised miss rate; [bold]apply[/] measures that on others."
    ),
    rich_markup_mode="rich",
    no_args_is_help=True,
)

Cheap = Annotated[Path, typer.Argument(help="Evaluation of the cheap pass.")]
Full = Annotated[Path, typer.Argument(help="Evaluation of the model that reasons, on the same cases.")]

PANEL = "A cheap pass first"
CascadeFile = Annotated[
    Path | None,
    typer.Option(
        "--cascade",
        help="What ruling cascade fit wrote: a cheap pass says which cases are reviewed with reasoning.",
        rich_help_panel=PANEL,
    ),
]
CheapPass = Annotated[
    str | None,
    typer.Option(
        "--cheap",
        help="Its evaluation, JSONL of predictions, or its model; if left out, the model itself without reasoning.",
        rich_help_panel=PANEL,
    ),
]
WithoutReasoning = Annotated[
    bool,
    typer.Option(
        "--without-reasoning", help="The model answers at once: what a cascade may begin with.", rich_help_panel=PANEL
    ),
]


@app.command()
def fit(
    cheap: Cheap,
    full: Full,
    miss_rate: Annotated[
        float, typer.Option(callback=finite, help="The promise: at most this share of violating cases is let through.")
    ],
    out: Annotated[Path, typer.Option(help="JSON file for the cascade.")],
    confidence: Annotated[
        float, typer.Option(callback=finite, help="On what share of sets of cases the promise has to hold.")
    ] = 0.95,
) -> None:
    """Choose how sure the cheap pass has to be, on cases that are kept for this.

    A promise that cannot be kept is refused, with the least share of cases that people would have to look at.
    """
    from data.files import check_not_read
    from rl.evaluation import load_evaluation
    from rl.evaluation.cascade import fit_cascade
    from rl.evaluation.cascade.table import cascade_lines, curve_table

    check_not_read(out, [cheap, full])
    evaluations = load_evaluation(cheap), load_evaluation(full)
    found = fit_cascade(*evaluations, miss_rate, confidence)
    found.save(out)
    console = Console(emoji=False)
    console.print(curve_table(found.points, "where it was chosen"))
    console.print(cascade_lines(found))
    console.print(Text(f"cascade: {visible(str(out))}"))


@app.command()
def apply(
    cascade: Annotated[Path, typer.Argument(help="What ruling cascade fit wrote.")],
    cheap: Cheap,
    full: Full,
    out: Annotated[Path, typer.Option(help="Folder for an evaluation, as ruling compare takes it, and the curve.")],
) -> None:
    """Measure a cascade on other cases, as an evaluation that can be compared with that of the model alone."""
    from data.files import write_json
    from rl.evaluation import compare_table, load_evaluation, save_evaluation
    from rl.evaluation.cascade import Applied, Cascade, apply_cascade, claim
    from rl.evaluation.cascade.table import curve_table

    claim(out)
    chosen, evaluations = Cascade.load(cascade), (load_evaluation(cheap), load_evaluation(full))
    found = apply_cascade(chosen, *evaluations)
    done = Applied.read(found.provenance)
    assert done is not None
    save_evaluation(found, out)
    write_json(out / "curve.json", {"points": [point.model_dump() for point in done.curve]})
    console = Console(emoji=False)
    console.print(compare_table([*evaluations, found]))
    console.print(curve_table(done.curve, "at other thresholds"))
    console.print(Text(str(done)))


def check_goes_with(
    cascade: Path | None, cheap: str | None, without_reasoning: bool, others: Mapping[str, Any]
) -> None:
    """Refuses options of `ruling evaluate` that say nothing together.

    Args:
        others: what is given of other options, by their names.

    Raises:
        DataError: two do not go together; names them.
    """
    if cheap is not None and cascade is None:
        raise DataError("--cheap is the pass that a cascade begins with: give --cascade, too")
    if cascade is not None and without_reasoning:
        raise DataError("--without-reasoning makes a cheap pass, and --cascade uses one: give one of them")
    refused = {
        "--cascade": ("--predictions", "--robustness", "--faithfulness", "--windows", "--fix"),
        "--without-reasoning": ("--predictions", "--faithfulness", "--tools", "--blank", "--fix"),
    }
    for option, is_given in {"--cascade": cascade is not None, "--without-reasoning": without_reasoning}.items():
        if is_given and (given := next((name for name in refused[option] if others[name]), None)):
            raise DataError(f"{option} has a model review cases: {given} does not go with it")


def approved_alone(
    file: Path | None, cheap: str | None, model: str, briefs: Any, decoding: Any, desks: Any = None
) -> Any:
    """The review of the one case, if a cascade's cheap pass approves it alone; None if the model has to review it.

    Raises:
        DataError: ``--cheap`` goes without ``--cascade``, or the cascade is not for these models or this case.
    """
    if file is None:
        if cheap is not None:
            raise DataError("--cheap is the pass that a cascade begins with: give --cascade, too")
        return None
    from prompts import Episode, write
    from rl.evaluation.cascade import Cascade
    from rl.evaluation.cascade.apply import decide
    from rl.evaluation.cascade.evaluate import screened
    from rl.generation.episodes import at_desk
    from rl.serving.review import checked

    chosen, (brief,) = Cascade.load(file), briefs
    (first,) = screened(cheap, chosen, at_desk(model, desks), briefs, decoding)
    if not chosen.approves(first.risk):
        return None
    ruling = decide(chosen, first, None).ruling
    assert ruling is not None
    said = (
        f"approved by the cheap pass alone, without a review: it states a risk of {first.risk:.4f}, at most "
        f"{chosen.approve_below:.4f}; promised miss rate: at most {chosen.miss_rate:g}"
    )
    found = checked(Episode.plain(brief.id, write(ruling)), brief, {"cascade": str(file)})
    return found.model_copy(update={"unreviewed": said})


def unreasoned(source: Any) -> Any:
    """The engine that answers without reasoning."""
    from rl.evaluation.cascade.evaluate import without_reasoning

    return without_reasoning(source)


def reviewed_by(file: Path, cheap: str | None, source: Any, briefs: Any, out: Path, asked: dict[str, Any]) -> Any:
    """The evaluation of a cascade, as `ruling evaluate --cascade` makes it.

    Args:
        asked: what `evaluate_model` is given besides.
    """
    from rl.evaluation.cascade import Cascade
    from rl.evaluation.cascade.evaluate import cheap_pass, evaluate_cascade

    cascade = Cascade.load(file)
    passed = cheap_pass(cheap, cascade, source, briefs, out, split=asked["split"], decoding=asked["decoding"])
    return evaluate_cascade(cascade, passed, source, briefs, out, **{k: v for k, v in asked.items() if k != "windows"})
