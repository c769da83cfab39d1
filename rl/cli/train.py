"""``ruling train``: a verb for each kind of training there is."""

import signal
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from data import DataError
from rl.cli.media import AllowMedia
from rl.cli.next_steps import again, next_steps
from rl.config.recipe import shipped_recipes
from rl.config.train import TrainRecipe
from rl.runs.checkpoints import newest_checkpoint, step_of
from rl.runs.folder import RunFolder
from rl.terminal.console import console
from rl.terminal.errors import interruptible
from rl.terminal.quantities import bytes_of
from rl.terminal.safe_text import visible
from rl.terminal.stopping import Stopped
from rl.training.launch.machines import Machines
from rl.training.registry import KINDS, Kind, load_recipe

app = typer.Typer(
    help=(
        "Train a model as a recipe says. Any key of the recipe can be overridden: "
        "[bold]ruling train sft --config billboard/sft --learning_rate 1e-3 --model.dtype bfloat16[/]"
    ),
    rich_markup_mode="rich",
    no_args_is_help=True,
)

Config = Annotated[str, typer.Option(help="Recipe: a YAML file, or the name of a shipped one.")]
Accelerate = Annotated[
    str | None,
    typer.Option(
        help="Launch through Accelerate: a YAML file, or cpu, single_gpu, multi_gpu, zero1, zero2, zero3, "
        "zero3_offload, fsdp2 or multi_node_zero3."
    ),
]
Processes = Annotated[
    int | None,
    typer.Option("--num_processes", min=1, max=100_000, help="Processes on all machines, with --accelerate."),
]
Count = Annotated[int | None, typer.Option("--num_machines", min=1, max=100_000, help="Machines, with --accelerate.")]
Rank = Annotated[int | None, typer.Option("--machine_rank", min=0, max=100_000, help="Which of them this is, from 0.")]
Address = Annotated[str | None, typer.Option("--main_process_ip", help="Address of machine 0.")]
Port = Annotated[
    int | None,
    typer.Option("--main_process_port", min=0, max=65_535, help="Port on which machine 0 hears the others."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint of the run.")]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Check recipe, data and model, count tokens, forecast memory; do not train. Exit code 1 if not ready.",
    ),
]
DeviceMemory = Annotated[
    str | None,
    typer.Option(
        "--device_memory", help="With --dry-run: of each device of the run, such as 80GB; else this machine's."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="With --dry-run: print JSON.")]


def _verb(kind: Kind) -> Callable[..., None]:
    def verb(
        context: typer.Context,
        config: Config,
        accelerate: Accelerate = None,
        num_processes: Processes = None,
        num_machines: Count = None,
        machine_rank: Rank = None,
        main_process_ip: Address = None,
        main_process_port: Port = None,
        resume: Resume = False,
        dry_run: DryRun = False,
        device_memory: DeviceMemory = None,
        as_json: AsJson = False,
        allow_media: AllowMedia = None,
    ) -> None:
        overrides = _overrides(context.args)
        machines = Machines(num_processes, num_machines, machine_rank, main_process_ip, main_process_port)
        if accelerate is None and (said := machines.options):
            raise DataError(f"{said[0]} needs --accelerate, as in: --accelerate multi_gpu {said[0]} {said[1]}")
        if dry_run:
            memory = None if device_memory is None else bytes_of(device_memory)
            _dry_run(kind.name, config, overrides, (accelerate, machines, memory), as_json)
            return
        if device_memory is not None or as_json:
            raise DataError("--device_memory and --json are for --dry-run")
        recipe = load_recipe(kind.name, config, overrides)
        with interruptible(again("--resume"), lambda: _outlook(recipe)):
            if accelerate is not None:
                from rl.training.launch.launch import launch

                code = launch(kind.name, config, overrides, accelerate, machines, resume)
                _check_ended_well(code, RunFolder(recipe.output))
            else:
                from rl.training import train

                train(recipe, resume)
        Console(highlight=False, emoji=False).print(next_steps(recipe, config), soft_wrap=True)

    return verb


def _dry_run(
    kind: str,
    config: str,
    overrides: dict[str, str],
    where: tuple[str | None, Machines, int | None],
    as_json: bool,
) -> None:
    from rl.terminal.forecast import forecast_table
    from rl.terminal.preflight import preflight_table
    from rl.training.preflight import preflight

    found = preflight(kind, config, overrides, *where)
    screen = Console(emoji=False)
    if as_json:
        screen.print_json(data=found.json)
    else:
        screen.print(preflight_table(found))
        if found.forecast is not None:
            screen.print(forecast_table(found.forecast))
    if found.missing:
        raise typer.Exit(1)


def _check_ended_well(code: int, run: RunFolder) -> None:
    """Ends the command as the first process that failed; it has said why, unless it crashed or was killed."""
    if code in (128 + signal.SIGINT, 128 + signal.SIGTERM):  # somebody has stopped the processes themselves
        raise Stopped(code - 128)
    if code < 0:
        where = escape(visible(str(run.messages)))
        console().print(f"a process was ended by signal {-code}: {where} may say why", soft_wrap=True)
    if code:
        raise typer.Exit(code)


def _outlook(recipe: TrainRecipe) -> str:
    """What resuming will do."""
    newest = newest_checkpoint(RunFolder(recipe.output))
    return (
        "begin again, since there is no checkpoint yet" if newest is None else f"go on from step {step_of(newest):,}"
    )


for _kind in KINDS.values():
    app.command(
        _kind.name,
        help=_kind.help,
        epilog=f"Shipped recipes: {', '.join(shipped_recipes(_kind.name))}. Any key is overridden as --key value.",
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )(_verb(_kind))


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
