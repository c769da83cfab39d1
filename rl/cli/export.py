"""``ruling export``: a trained model as a folder for whatever else loads models."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def export(
    run: Annotated[str, typer.Argument(help="A run's folder, or a checkpoint's.")],
    to: Annotated[Path, typer.Option(help="Folder to be made.")],
    merge: Annotated[bool, typer.Option("--merge", help="Add the adapter to the weights that it is on.")] = False,
) -> None:
    """Write weights, configuration and processor into a folder that plain transformers loads.

    A run that trained whole weights is copied without what a checkpoint has for going on. An adapter stays one, unless
    it is merged. Nothing is pushed anywhere.
    """
    from rl.models.export import export as export_model
    from rl.terminal.safe_text import visible

    typer.echo(f"exported: {visible(str(export_model(run, to, merge)))}")
