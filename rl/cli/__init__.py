"""``ruling``: the command line. Each verb parses, calls one function that Python can call as well, and prints.

Exit codes: 0 done, 1 a check failed, 2 it could not be done.
"""

import os
import sys
from typing import Annotated

import typer

from data import DataError
from rl.cli import (
    alarms,
    billboard,
    cascade,
    compare,
    data,
    demo,
    evaluate,
    export,
    lessons,
    review,
    rewards,
    rules,
    suspects,
    train,
    trajectories,
    twins,
    watch,
)
from rl.terminal.errors import DEBUG, explained, quiet

app = typer.Typer(
    name="ruling",
    help=(
        "Fine-tune multimodal language models to review ads against a written rulebook.\n\n"
        "New here? [bold]ruling demo[/] runs the whole loop on the embedded benchmark: it draws ads, trains a tiny "
        "model with SFT and GRPO, and shows what improved.\n\n"
        "With your own ads: [bold]ruling data check[/] them against a rulebook, [bold]ruling train sft[/] and "
        "[bold]ruling train grpo[/] with a recipe, [bold]ruling evaluate[/] on cases held out, "
        "[bold]ruling compare[/] checkpoints, [bold]ruling review[/] a single case, [bold]ruling watch[/] a stream."
    ),
    rich_markup_mode="rich",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo", help=demo.HELP)(demo.demo)
data.app.add_typer(billboard.app)
data.app.add_typer(suspects.app)
data.app.add_typer(trajectories.app)
data.app.add_typer(lessons.app)
data.app.add_typer(twins.app)
app.add_typer(data.app, name="data")
app.add_typer(rules.app, name="rules")
app.add_typer(train.app, name="train")
app.add_typer(rewards.app, name="rewards")
app.add_typer(review.app)
app.add_typer(watch.app)
app.add_typer(alarms.app)
app.add_typer(evaluate.app)
app.add_typer(compare.app)
app.add_typer(cascade.app, name="cascade")
app.add_typer(export.app)


@app.callback()
def everywhere(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    if debug:
        os.environ[DEBUG] = "1"


def main() -> None:
    """The entry point: whatever goes wrong is said in one line."""
    quiet()
    with explained():
        for word in sys.argv:
            if not word.isprintable() and word.encode("utf-8", "replace") != word.encode("utf-8", "surrogatepass"):
                raise DataError(f"'{word}' is not UTF-8, and could be named in no file: rename it")
        app()
