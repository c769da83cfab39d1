"""``ruling evaluate``: measure a model, or predictions made elsewhere, on cases with gold."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from data import DataError

app = typer.Typer()


@app.command()
def evaluate(
    model: Annotated[str | None, typer.Argument(help="Checkpoint, run folder, or name on the Hub.")] = None,
    data: Annotated[list[str] | None, typer.Option("--data", help="Cases: JSONL files, folders, datasets.")] = None,
    rulebook: Annotated[str, typer.Option(help="YAML file, or the name of a shipped rulebook.")] = "",
    out: Annotated[Path, typer.Option(help="Folder for predictions, figures, provenance and report.")] = Path("."),
    predictions: Annotated[Path | None, typer.Option(help="JSONL of predictions, instead of a model.")] = None,
    name: Annotated[str | None, typer.Option(help="What the model is called in tables.")] = None,
    template: Annotated[str, typer.Option(help="Prompt template.")] = "default",
    batch_size: Annotated[int, typer.Option(min=1)] = 32,
    max_new_tokens: Annotated[int, typer.Option(min=1)] = 512,
    temperature: Annotated[float, typer.Option(min=0.0, help="0 takes the likeliest token.")] = 0.0,
    samples: Annotated[int, typer.Option(min=1, help="Completions per case.")] = 1,
    seed: Annotated[int, typer.Option()] = 0,
) -> None:
    """Measure a model, or predictions made elsewhere, on cases with gold."""
    from data import Rulebook, load_cases
    from rl.complete import Decoding
    from rl.evaluation import compare_table, evaluate_file, evaluate_model, write_report

    if (model is None) == (predictions is None):
        raise DataError("give either a model or --predictions")
    book, cases = Rulebook.load(rulebook), load_cases(*(data or []))
    split = Path(data[0]).stem if data else ""
    if model is not None:
        decoding = Decoding(template, max_new_tokens, temperature, samples, seed, batch_size)
        evaluation = evaluate_model(model, cases, book, out, name=name, split=split, decoding=decoding)
    else:
        assert predictions is not None
        evaluation = evaluate_file(predictions, cases, book, out, name=name, split=split)
    report = write_report(out / "report.html", [evaluation], {split: cases}, book)
    console = Console()
    console.print(compare_table([evaluation]))
    console.print(f"report: {report}", markup=False, highlight=False)
