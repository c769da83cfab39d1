"""``ruling cascade``: let a cheap pass decide who is reviewed with reasoning, under a promised miss rate."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

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
    from rl.evaluation.cascade import curve, fit_cascade
    from rl.evaluation.cascade.passes import Passes
    from rl.evaluation.cascade.table import cascade_lines, curve_table

    check_not_read(out, [cheap, full])
    evaluations = load_evaluation(cheap), load_evaluation(full)
    found = fit_cascade(*evaluations, miss_rate, confidence)
    found.save(out)
    console = Console(emoji=False)
    console.print(curve_table(curve(Passes.of(*evaluations)), "where it was chosen"))
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
    from rl.evaluation.cascade import Cascade, apply_cascade, claim, curve
    from rl.evaluation.cascade.passes import Passes
    from rl.evaluation.cascade.table import curve_table

    claim(out)
    chosen, evaluations = Cascade.load(cascade), (load_evaluation(cheap), load_evaluation(full))
    found = apply_cascade(chosen, *evaluations)
    points = curve(Passes.of(*evaluations))
    save_evaluation(found, out)
    write_json(out / "curve.json", {"points": [asdict(point) for point in points]})
    console = Console(emoji=False)
    console.print(compare_table([*evaluations, found]))
    console.print(curve_table(points, "at other thresholds"))
    facts = found.provenance["cascade"]
    reviewed = f"{facts['reviewed']:,} of {len(found.predictions):,} cases were reviewed with reasoning"
    console.print(Text(f"{reviewed}; promised miss rate: at most {chosen.miss_rate:g}"))
