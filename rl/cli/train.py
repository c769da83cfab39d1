"""``ruling train``: SFT and GRPO from a recipe."""

from typing import Annotated

import typer
from rich.console import Console

from data import DataError

app = typer.Typer(
    help=(
        "Train a model as a recipe says. Any key of the recipe can be overridden: "
        "[bold]ruling train sft --config billboard/sft --learning_rate 1e-3 --model.dtype bfloat16[/]"
    ),
    rich_markup_mode="rich",
    no_args_is_help=True,
)
OVERRIDABLE = {"allow_extra_args": True, "ignore_unknown_options": True}

Config = Annotated[str, typer.Option(help="Recipe: a YAML file, or the name of a shipped one.")]
Accelerate = Annotated[
    str | None,
    typer.Option(help="Launch through Accelerate: a YAML file, or cpu, single_gpu, multi_gpu, zero2 or zero3."),
]
Processes = Annotated[int | None, typer.Option("--num_processes", min=1, help="Processes, with --accelerate.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint of the run.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check recipe, data and model, count tokens; do not train.")]


@app.command(context_settings=OVERRIDABLE)
def sft(
    context: typer.Context,
    config: Config,
    accelerate: Accelerate = None,
    num_processes: Processes = None,
    resume: Resume = False,
    dry_run: DryRun = False,
) -> None:
    """Supervised fine-tuning: learn to write the rulings that gold states."""
    _train("sft", config, _overrides(context.args), accelerate, num_processes, resume, dry_run)


@app.command(context_settings=OVERRIDABLE)
def grpo(
    context: typer.Context,
    config: Config,
    accelerate: Accelerate = None,
    num_processes: Processes = None,
    resume: Resume = False,
    dry_run: DryRun = False,
) -> None:
    """Reinforcement learning: learn from what a rubric says of the model's own rulings."""
    _train("grpo", config, _overrides(context.args), accelerate, num_processes, resume, dry_run)


def _train(
    kind: str,
    config: str,
    overrides: dict[str, str],
    accelerate: str | None,
    num_processes: int | None,
    resume: bool,
    dry_run: bool,
) -> None:
    if num_processes is not None and accelerate is None:
        raise DataError("--num_processes needs --accelerate, as in: --accelerate multi_gpu --num_processes 2")
    if dry_run:
        from rl.training.preflight import rehearse

        Console().print(rehearse(kind, config, overrides).table())
    elif accelerate is not None:
        from rl.training.launch.launch import launch

        raise typer.Exit(launch(kind, config, overrides, accelerate, num_processes, resume))
    else:
        from rl.training.launch.launch import train

        Console().print(f"trained: {train(kind, config, overrides, resume)}", markup=False, highlight=False)


def _overrides(words: list[str]) -> dict[str, str]:
    """``--key value`` and ``--key=value`` as a dictionary.

    Raises:
        DataError: a word that is no ``--key``, or a key without a value.
    """
    found: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if not word.startswith("--") or len(word) == 2:
            raise DataError(f"'{word}': recipe keys are overridden as --key value")
        key, equals, value = word[2:].partition("=")
        if not equals:
            try:
                value = next(rest)
            except StopIteration:
                raise DataError("a value is missing", field=f"--{key}") from None
        found[key] = value
    return found
