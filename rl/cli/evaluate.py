"""``ruling evaluate``: measure a model, or predictions made elsewhere, on cases with gold."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from data import DataError

app = typer.Typer()

BARE = Path(__file__).parent / "evaluate.yaml"
"""The recipe of an evaluation that is given by options alone."""


@app.command()
def evaluate(
    out: Annotated[Path, typer.Option(help="Folder for predictions, figures, provenance and report.")],
    model: Annotated[str | None, typer.Argument(help="Checkpoint, run folder, or name on the Hub.")] = None,
    config: Annotated[str | None, typer.Option(help="Recipe: a YAML file, or a shipped one (billboard/eval).")] = None,
    data: Annotated[list[str] | None, typer.Option(help="Cases: JSONL files, folders or datasets.")] = None,
    rulebook: Annotated[str | None, typer.Option(help="YAML file, or the name of a shipped rulebook.")] = None,
    predictions: Annotated[Path | None, typer.Option(help="JSONL of predictions, instead of a model.")] = None,
    name: Annotated[str | None, typer.Option(help="What the model is called in tables.")] = None,
    template: Annotated[str | None, typer.Option(help="Prompt template; the one of its training if left out.")] = None,
    max_new_tokens: Annotated[int | None, typer.Option(min=1, help="A completion is cut off there.")] = None,
    temperature: Annotated[float | None, typer.Option(min=0.0, help="0 takes the likeliest token.")] = None,
    samples: Annotated[int | None, typer.Option(min=1, help="Completions per case.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the sampling.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Completions generated at once.")] = None,
) -> None:
    """Measure a model, or predictions made elsewhere, on cases with gold.

    What is not given is taken from the recipe, if there is one.
    """
    from data import Rulebook, load_cases
    from rl.evaluation import compare_table, evaluate_file, evaluate_model, rule_table, write_report
    from rl.recipe import EvalRecipe

    decoding = {
        "template": template, "max_new_tokens": max_new_tokens, "temperature": temperature, "samples": samples,
        "seed": seed, "batch_size": batch_size,
    }  # fmt: skip
    given: dict[str, Any] = {"model.path": model, "data": data, "rulebook": rulebook}
    given |= {f"decoding.{key}": value for key, value in decoding.items()}
    given = {key: value for key, value in given.items() if value is not None}
    if config is None and (data is None or rulebook is None):
        raise DataError("give --data and --rulebook, or a recipe that names them: --config billboard/eval")
    recipe = EvalRecipe.load(config or BARE, given)
    if predictions is not None and model is not None:
        raise DataError("give either a model or --predictions")
    book, cases, split = Rulebook.load(recipe.rulebook), load_cases(*recipe.data), Path(recipe.data[0]).stem
    if predictions is not None:
        evaluation = evaluate_file(predictions, cases, book, out, name=name, split=split)
    elif recipe.model is not None and recipe.model.path is not None:
        path = recipe.model.path
        evaluation = evaluate_model(path, cases, book, out, name=name, split=split, decoding=recipe.decoding)
    else:
        raise DataError("give a model, a recipe that names one, or --predictions")
    console = Console()
    console.print(compare_table([evaluation]))
    if rules := rule_table([evaluation]):
        console.print(rules)
    console.print(Text(f"report: {write_report(out / 'report.html', [evaluation], {split: cases}, book)}"))
