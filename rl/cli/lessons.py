"""``ruling data best`` and ``ruling data distil``: the best rulings of a policy, or of a teacher, for SFT to imitate.

Both write cases with a ``teacher``, which ``ruling train sft`` imitates; gold stays as it is.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from data import load_cases
from data.files import check_not_read
from rl.cli.excerpts import Excerpt, read_excerpt
from rl.cli.media import AllowMedia
from rl.cli.numbers import MOST_SEED, finite
from rl.cli.served import read_object, read_token_prices
from rl.terminal.safe_text import visible

if TYPE_CHECKING:
    from rl.curation.lessons import Lessons

app = typer.Typer()

Minimum = Annotated[
    float | None,
    typer.Option(callback=finite, help="The least total to learn from; the verdict has to be right in any case."),
]
Out = Annotated[Path, typer.Option(help="JSONL file for the cases; those with media go where they were read from.")]


@app.command()
def best(
    rollouts: Annotated[list[Path], typer.Argument(help="Runs with rollouts, or their folders of rollouts.")],
    rubric: Annotated[str, typer.Option(help="YAML file, or the name of a shipped rubric: what says which is best.")],
    out: Out,
    data: Annotated[list[str] | None, typer.Option(help="The cases; else those of each run's run.json.")] = None,
    rulebook: Annotated[str | None, typer.Option(help="Their rulebook; else that of each run's run.json.")] = None,
    minimum: Minimum = None,
    allow_media: AllowMedia = None,
) -> None:
    """Keep, of all that runs wrote about a case, the ruling that a rubric gives most, for SFT to imitate. Cases that
    no ruling got right are left out, and counted."""
    from rewards import Rubric
    from rl.cli.rewards import progress
    from rl.curation.lessons import Candidate, best_of, save_lessons
    from rl.runs.folder import RunFolder
    from rl.runs.past_run import check_same_cases, open_past_run

    named = [RunFolder.around(run).facts().recipe.data for run in rollouts]
    read = [rubric, rulebook, *(data or ()), *(source for one in named for source in (*one.train, one.rulebook))]
    check_not_read(out, read)
    loaded, candidates = Rubric.load(rubric), list[Candidate]()
    runs = [open_past_run(run, data or (), rulebook) for run in rollouts]
    check_same_cases(runs)
    for past in runs:
        loaded.check_categories(past.briefs.book)
        candidates += [Candidate(past.briefs[one.episode.case], one.episode) for one in past.rollouts]
    with progress("scoring", len(candidates)) as advance:
        found = best_of(candidates, loaded, minimum, advance)
    save_lessons(found, out)
    _tell(found, out)


@app.command()
def distil(
    data: Annotated[list[str], typer.Argument(help="Cases with gold: JSONL files, folders or datasets.")],
    rulebook: Annotated[str, typer.Option(help="YAML file, or the name of a shipped rulebook.")],
    endpoint: Annotated[str, typer.Option(help="Base address of a server that speaks the OpenAI API.")],
    model: Annotated[str, typer.Option(help="What the server calls the teacher.")],
    out: Out,
    rubric: Annotated[str, typer.Option(help="YAML file, or the name of a shipped rubric.")] = "default",
    minimum: Minimum = None,
    tries: Annotated[int, typer.Option(min=1, max=1000, help="Rulings on a case at most; one that fits ends it.")] = 4,
    hint: Annotated[
        bool, typer.Option("--hint", help="Ask once more, with gold's verdict told, about what no try got right.")
    ] = False,
    max_calls: Annotated[int | None, typer.Option(min=1, help="Stop after so many answers, of all runs.")] = None,
    max_tokens: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many tokens, read and written, of all runs.")
    ] = None,
    temperature: Annotated[float, typer.Option(min=0.0, callback=finite, help="0 goes with one try.")] = 0.7,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="A completion is cut off there.")] = 1024,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Of the sampling.")] = 0,
    template: Annotated[str, typer.Option(help="Prompt template.")] = "default",
    excerpt: Excerpt = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Requests at a time.")] = 8,
    max_errors: Annotated[
        int | None,
        typer.Option(min=0, help="Stop if more are refused or fail; a tenth, and 20, if left out."),
    ] = None,
    extra_body: Annotated[str, typer.Option(help='What every request says besides, as JSON: {"top_k": 5}.')] = "",
    token_prices: Annotated[str, typer.Option(help="Of a million tokens read and written: 2.5,10.")] = "",
    allow_media: AllowMedia = None,
) -> None:
    """Have a teacher behind a server rule on cases with gold, and keep what agrees with it, for SFT to imitate.

    It is not shown gold. A run that was stopped, or has spent what it may, goes on where it was: run the same command
    again, or with more to spend.
    """
    from rewards import Rubric
    from rl.config.decoding import Decoding
    from rl.curation.distil import Asking
    from rl.curation.distil import distil as ask
    from rl.curation.lessons import check_place, save_lessons
    from rl.generation.endpoint import Endpoint
    from rl.runs.excerpts import excerpts_of
    from rl.terminal.progress import counting

    check_not_read(out, [*data, rulebook, rubric])
    rates, loaded = read_token_prices(token_prices), Rubric.load(rubric)
    teacher = Endpoint(
        endpoint, model, concurrency, max_errors=max_errors, extra_body=read_object(extra_body, "--extra-body")
    )
    briefs = excerpts_of(rulebook, read_excerpt(excerpt)).bind(load_cases(*data))
    check_place(briefs.cases, out)  # before anything is paid for
    asking = Asking(tries, hint, minimum, max_calls, max_tokens)
    decoding = Decoding(template=template, max_new_tokens=max_new_tokens, temperature=temperature, seed=seed)
    with counting("asking", asking.most * len(briefs)) as reached:
        found = ask(teacher, briefs, loaded, out, asking, decoding, reached)
    save_lessons(found.lessons, out)
    _tell(found.lessons, out)
    spent = f"{found.spent.calls:,} answers, {found.spent.read:,} tokens read, {found.spent.written:,} written"
    if rates is not None:
        spent += f"; cost {(found.spent.read * rates[0] + found.spent.written * rates[1]) / 1e6:,.2f}"
    if found.spent.untold:
        spent += f"; more in truth: of {found.spent.untold:,} answers the server does not say all tokens"
    console = Console(highlight=False, emoji=False)
    console.print(Text(spent))
    if found.stopped is not None:
        said = f"stopped: {found.stopped} are spent; run again with more to go on"
        console.print(Text(said, style="yellow"), soft_wrap=True)


def _tell(lessons: "Lessons", out: Path) -> None:
    console = Console(highlight=False, emoji=False)
    console.print(Text(f"{visible(str(out))}: {len(lessons.cases):,} cases with a ruling to imitate"), soft_wrap=True)
    for why, count in sorted(lessons.left_out.items(), key=lambda item: -item[1]):
        if count:
            console.print(Text(f"left out: {count:,} × {visible(why)}", style="yellow"), soft_wrap=True)
    if lessons.without:
        console.print(Text(f"no ruling on {lessons.without:,} cases was good enough", style="yellow"))
