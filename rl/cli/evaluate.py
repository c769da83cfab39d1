"""``ruling evaluate``: measure a model, or predictions made elsewhere, on cases with gold."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from data import DataError

app = typer.Typer()


@app.command()
def evaluate(
    data: Annotated[list[str], typer.Option(help="Cases: JSONL files, folders or datasets.")],
    rulebook: Annotated[str, typer.Option(help="YAML file, or the name of a shipped rulebook.")],
    out: Annotated[Path, typer.Option(help="Folder for predictions, figures, provenance and report.")],
    model: Annotated[str | None, typer.Argument(help="Checkpoint, run folder, or name on the Hub.")] = None,
    predictions: Annotated[Path | None, typer.Option(help="JSONL of predictions, instead of a model.")] = None,
    name: Annotated[str | None, typer.Option(help="What the model is called in tables.")] = None,
    template: Annotated[str, typer.Option(help="Prompt template.")] = "default",
    max_new_tokens: Annotated[int, typer.Option(min=1, help="A completion is cut off there.")] = 512,
    temperature: Annotated[float, typer.Option(min=0.0, help="0 takes the likeliest token.")] = 0.0,
    samples: Annotated[int, typer.Option(min=1, help="Completions per case.")] = 1,
    seed: Annotated[int, typer.Option(help="Of the sampling.")] = 0,
    batch_size: Annotated[int, typer.Option(min=1, help="Completions generated at once.")] = 32,
) -> None:
    """Measure a model, or predictions made elsewhere, on cases with gold."""
    from data import Rulebook, load_cases
    from rl.complete import Decoding
    from rl.evaluation import compare_table, evaluate_file, evaluate_model, rule_table, write_report

    if (model is None) == (predictions is None):
        raise DataError("give either a model or --predictions")
    book, cases, split = Rulebook.load(rulebook), load_cases(*data), Path(data[0]).stem
    if predictions is not None:
        evaluation = evaluate_file(predictions, cases, book, out, name=name, split=split)
    else:
        assert model is not None
        decoding = Decoding(template, max_new_tokens, temperature, samples, seed, batch_size)
        evaluation = evaluate_model(model, cases, book, out, name=name, split=split, decoding=decoding)
    console = Console()
    console.print(compare_table([evaluation]))
    if rules := rule_table([evaluation]):
        console.print(rules)
    console.print(Text(f"report: {write_report(out / 'report.html', [evaluation], {split: cases}, book)}"))
