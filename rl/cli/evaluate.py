"""``ruling evaluate``: measure a model, or predictions made elsewhere, on cases with gold."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.text import Text

from data import DataError
from rl.cli.cascade import CascadeFile, CheapPass, WithoutReasoning, check_goes_with, reviewed_by, unreasoned
from rl.cli.desk import Blank, DeskFile, Tools, desks_of, read_desk
from rl.cli.excerpts import BARE, Excerpt
from rl.cli.figures import chosen_on, read_prices
from rl.cli.media import AllowMedia, CopyRecordings
from rl.cli.next_steps import again
from rl.cli.numbers import MOST_SEED, finite
from rl.cli.reward_model import evaluate_reward_model
from rl.cli.served import read_object, read_token_prices, served_lines
from rl.terminal.console import console
from rl.terminal.errors import interruptible
from rl.terminal.messages import MESSAGES, kept
from rl.terminal.safe_text import visible

app = typer.Typer()

HOW, FIGURES, SERVER = "How the model is asked", "Which figures", "A model behind a server"


@app.command()
def evaluate(
    out: Annotated[Path, typer.Option(help="Folder for completions, predictions, figures, provenance and report.")],
    model: Annotated[str | None, typer.Argument(help="Checkpoint, run folder, or name on the Hub.")] = None,
    config: Annotated[str | None, typer.Option(help="Recipe: a YAML file, or a shipped one (billboard/eval).")] = None,
    data: Annotated[list[str] | None, typer.Option(help="Cases: JSONL files, folders or datasets.")] = None,
    rulebook: Annotated[str | None, typer.Option(help="YAML file, or the name of a shipped rulebook.")] = None,
    excerpt: Excerpt = None,
    predictions: Annotated[Path | None, typer.Option(help="JSONL of predictions, instead of a model.")] = None,
    pairs: Annotated[
        list[str] | None,
        typer.Option(help="JSONL of preferences: measure a reward model on them, on cases among --data."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="What the model is called in tables.")] = None,
    template: Annotated[
        str | None, typer.Option(help="Prompt template; the one of its training if left out.", rich_help_panel=HOW)
    ] = None,
    max_new_tokens: Annotated[
        int | None, typer.Option(min=1, help="A completion is cut off there.", rich_help_panel=HOW)
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(min=0.0, callback=finite, help="0 takes the likeliest token.", rich_help_panel=HOW)
    ] = None,
    samples: Annotated[int | None, typer.Option(min=1, help="Completions per case.", rich_help_panel=HOW)] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=MOST_SEED, help="Of the sampling.", rich_help_panel=HOW)
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Completions generated at once.", rich_help_panel=HOW)
    ] = None,
    robustness: Annotated[
        str,
        typer.Option(
            help="Review variants as well, to see whether verdicts stay: rule-order,rule-ids.", rich_help_panel=HOW
        ),
    ] = "",
    faithfulness: Annotated[
        bool,
        typer.Option(
            "--faithfulness",
            help="Measure as well whether the reasoning pays and is used: 4 answers and 4 completions more a case.",
            rich_help_panel=HOW,
        ),
    ] = False,
    faithfulness_cases: Annotated[
        int | None,
        typer.Option(min=1, help="On so many cases at most, 500 if left out.", rich_help_panel=HOW),
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Review the ads with the model's edits as well.", rich_help_panel=HOW)
    ] = False,
    fix_with: Annotated[
        str | None, typer.Option(help="Who reviews those, with --fix: another checkpoint.", rich_help_panel=HOW)
    ] = None,
    windows: Annotated[
        str | None,
        typer.Option(
            help="Cases are streams, cut into windows: '{seconds: 4, every: 4, frames: 4, remember: 8}'.",
            rich_help_panel=HOW,
        ),
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(help="Base address of a server that speaks the OpenAI API.", rich_help_panel=SERVER),
    ] = None,
    served: Annotated[
        str | None, typer.Option("--model", help="What the server calls the model.", rich_help_panel=SERVER)
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Requests at a time.", rich_help_panel=SERVER)] = 8,
    max_errors: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Stop if more requests are refused or fail; a tenth, and 20, if left out.",
            rich_help_panel=SERVER,
        ),
    ] = None,
    retry_refused: Annotated[
        bool,
        typer.Option("--retry-refused", help="Ask again for what the server refused before.", rich_help_panel=SERVER),
    ] = False,
    extra_body: Annotated[
        str, typer.Option(help='What every request says besides, as JSON: {"top_k": 5}.', rich_help_panel=SERVER)
    ] = "",
    token_prices: Annotated[
        str, typer.Option(help="Of a million tokens read and written: 2.5,10.", rich_help_panel=SERVER)
    ] = "",
    tools: Tools = None,
    desk: DeskFile = None,
    blank: Blank = "",
    cascade: CascadeFile = None,
    cheap: CheapPass = None,
    without_reasoning: WithoutReasoning = False,
    by: Annotated[
        list[str] | None,
        typer.Option(
            help="Figures apart for each value: severity, category, or meta.KEY. Can be repeated.",
            rich_help_panel=FIGURES,
        ),
    ] = None,
    prevalence: Annotated[
        float | None,
        typer.Option(
            callback=finite, help="Also as if this share of cases were to be rejected.", rich_help_panel=FIGURES
        ),
    ] = None,
    thresholds: Annotated[
        Path | None,
        typer.Option(
            help="Evaluation of the same model on a validation set: thresholds are chosen there.",
            rich_help_panel=FIGURES,
        ),
    ] = None,
    prices: Annotated[
        str,
        typer.Option(
            help="Of outcomes, as in a rubric: miss=4,false_flag=1,escalation=.3,severity.critical=2.",
            rich_help_panel=FIGURES,
        ),
    ] = "",
    agree: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            help="Windows in a row that raise an alarm, or clear it; 2 if left out.",
            rich_help_panel=FIGURES,
        ),
    ] = None,
    copy_recordings: CopyRecordings = False,
    allow_media: AllowMedia = None,
) -> None:
    """Measure a model, or predictions made elsewhere, on cases with gold; or a reward model on pairs of rulings.

    What is not given is taken from the recipe, if there is one. An evaluation that was interrupted goes on where it
    was: run the same command again.
    """
    from data import load_cases
    from data.windows import windows_of
    from rl.config.evaluate import EvalRecipe
    from rl.evaluation import Fixing, Probing, Settings, evaluate_file, evaluate_model, write_report
    from rl.generation.endpoint import Endpoint
    from rl.runs.excerpts import excerpts_of

    decoding = {
        "template": template, "max_new_tokens": max_new_tokens, "temperature": temperature, "samples": samples,
        "seed": seed, "batch_size": batch_size,
    }  # fmt: skip
    given: dict[str, Any] = {"model.path": model, "data": data, "rulebook": rulebook, "excerpt": excerpt}
    given["windows"] = windows
    given |= {f"decoding.{key}": value for key, value in decoding.items()}
    given = {key: value for key, value in given.items() if value is not None}
    if config is None and (data is None or rulebook is None):
        raise DataError("give --data and --rulebook, or a recipe that names them: --config billboard/eval")
    recipe = EvalRecipe.load(config or BARE, given)
    if pairs is not None:
        of_rulings = {
            "--predictions": predictions, "--endpoint": endpoint, "--max-new-tokens": max_new_tokens,
            "--temperature": temperature, "--samples": samples, "--seed": seed, "--robustness": robustness or None,
            "--faithfulness": faithfulness or None, "--windows": windows, "--agree": agree,
            "--by": by, "--prevalence": prevalence, "--thresholds": thresholds,
            "--prices": prices or None, "--copy-recordings": copy_recordings or None,
            "--faithfulness-cases": faithfulness_cases, "--model": served, "--max-errors": max_errors,
            "--retry-refused": retry_refused or None, "--extra-body": extra_body or None,
            "--token-prices": token_prices or None, "--tools": tools, "--desk": desk, "--blank": blank or None,
            "--cascade": cascade, "--cheap": cheap, "--without-reasoning": without_reasoning or None,
            "--fix": fix or None,
        }  # fmt: skip
        if written := next((option for option, value in of_rulings.items() if value is not None), None):
            raise DataError(f"--pairs measures a reward model, which writes nothing: {written} does not go with it")
        read_at = {"pairs": list(map(whole_path, pairs)), "data": list(map(whole_path, recipe.data))}
        evaluate_reward_model(recipe, pairs, out, name, template, batch_size, read_at)
        return
    if sum(source is not None for source in (model, predictions, endpoint)) > 1:
        raise DataError("give one of these: a model, --predictions, --endpoint")
    if predictions is not None and robustness:
        raise DataError("--robustness has a model review variants, so it does not go with --predictions")
    if predictions is not None and (tools or desk or blank):
        raise DataError("--tools, --desk and --blank are for a model, so they do not go with --predictions")
    if predictions is not None and faithfulness:
        raise DataError("--faithfulness has a model answer again, so it does not go with --predictions")
    if endpoint is not None and faithfulness:
        raise DataError(
            "--faithfulness gives a model a reasoning to answer from, which servers do not let one do: it does not go "
            "with --endpoint"
        )
    if (predictions is not None and fix) or (fix_with is not None and not fix):
        raise DataError("--fix has ads reviewed again, and --fix-with says by whom: give --fix, and a model")
    if faithfulness_cases is not None and not faithfulness:
        raise DataError("--faithfulness-cases says on how many cases --faithfulness is measured: give both")
    if (endpoint is None) != (served is None):
        raise DataError("--endpoint and --model go together: the server's address, and what it calls the model")
    of_server = {
        "--max-errors": max_errors is not None, "--retry-refused": retry_refused, "--extra-body": extra_body,
        "--token-prices": token_prices,
    }  # fmt: skip
    if endpoint is None and (alone := next((option for option, given in of_server.items() if given), None)):
        raise DataError(f"{alone} is about a server: it goes with --endpoint")
    others = {
        "--predictions": predictions, "--robustness": robustness, "--faithfulness": faithfulness,
        "--windows": recipe.windows, "--tools": tools or desk, "--blank": blank, "--fix": fix or None,
    }  # fmt: skip
    check_goes_with(cascade, cheap, without_reasoning, others)
    rates = read_token_prices(token_prices)
    if agree is not None and recipe.windows is None:
        raise DataError("--agree says how many windows raise an alarm: give --windows, too")
    settings = Settings(
        read_prices(prices), chosen_on(thresholds), tuple(by or Settings.by), prevalence, agree or Settings.agree
    )
    trained = recipe.model.path if recipe.model is not None and predictions is None and endpoint is None else None
    excerpts = excerpts_of(recipe.rulebook, recipe.excerpt, trained)
    briefs = excerpts.bind(load_cases(*recipe.data))
    split = Path(recipe.data[0]).stem
    read: dict[str, Any] = {"data": list(map(whole_path, recipe.data)), "rulebook": whole_path(recipe.rulebook)}
    if excerpts.config is not None:
        noted = excerpts.config.model_dump(exclude_none=True)
        read["excerpt"] = noted | ({"encoder": whole_path(noted["encoder"])} if "encoder" in noted else {})
    elif excerpts.shows_none:
        read["excerpt"] = "none"
    if recipe.windows is not None:
        read["windows"] = recipe.windows.model_dump(mode="json")
    common: dict[str, Any] = {
        "name": name, "split": split, "settings": settings, "read": read, "windows": recipe.windows,
    }  # fmt: skip
    with interruptible(again()), kept(out / MESSAGES) as messages:
        if predictions is not None:
            evaluation = evaluate_file(predictions, briefs, out, **common)
        else:
            source: str | Endpoint | None = recipe.model.path if recipe.model is not None else None
            if endpoint is not None and served is not None:
                more = read_object(extra_body, "--extra-body")
                source = Endpoint(endpoint, served, concurrency, max_errors=max_errors, extra_body=more)
            if source is None:
                raise DataError("give a model, a recipe that names one, or --predictions")
            desks = desks_of(read_desk(tools, desk, blank) or recipe.desk, briefs.book, trained)
            changes = [kind for kind in robustness.split(",") if kind]
            probing = Probing(faithfulness_cases or Probing.cases) if faithfulness else None
            asked = {"decoding": recipe.decoding, "desks": desks, "retry_refused": retry_refused, **common}
            if cascade is not None:
                evaluation = reviewed_by(cascade, cheap, source, briefs, out, asked)
            else:
                engine = unreasoned(source) if without_reasoning else source
                evaluation = evaluate_model(
                    engine,
                    briefs,
                    out,
                    robustness=changes,
                    faithfulness=probing,
                    fixing=Fixing(fix_with) if fix else None,
                    **asked,
                )
        show(evaluation, by or [])
        shown = windows_of(briefs, recipe.windows, remembering=False) if recipe.windows is not None else briefs
        for line in served_lines(evaluation.provenance.get("served"), rates):
            Console(emoji=False).print(Text(visible(line)))
        page = write_report(
            out / "report.html", [evaluation], {split: shown}, recordings=copy_recordings, progress=True
        )
    Console(emoji=False).print(Text(f"report: {page}, {decimal(page.stat().st_size)}"))
    if (told := messages.told()) is not None:
        console().print(told, soft_wrap=True)


def whole_path(source: str) -> str:
    """Where a file is, from anywhere; the name of a dataset or a shipped rulebook as it stands."""
    return str(Path(source).resolve()) if Path(source).exists() else source


def show(evaluation: Any, by: list[str]) -> None:
    """Prints the tables of an evaluation."""
    from rl.evaluation import compare_table, rule_table
    from rl.evaluation.cascade import Applied
    from rl.evaluation.files import SLICED
    from rl.evaluation.table import notes_of, prevalence_table, slice_table

    console = Console(emoji=False)
    console.print(compare_table([evaluation]))
    applied = Applied.read(evaluation.provenance)
    for what, said in (("shown", evaluation.shown), ("spent", evaluation.spent), ("cascade", applied)):
        if said is not None:
            console.print(Text(visible(f"{what}: {said}")))
    for title, note in notes_of(evaluation).items():
        console.print(Text(visible(f"{title}: {note}"), style="yellow"))
    for table in (rule_table([evaluation]), prevalence_table(evaluation)):
        if table is not None:
            console.print(table)
    for key in by:
        slices = slice_table(evaluation, key, SLICED)
        console.print(slices or Text(visible(f"no case has {key}"), style="yellow"))
