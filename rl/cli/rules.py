"""``ruling rules``: look through a rulebook, see how much of gold retrieval finds in it, and check it."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import typer
from rich.console import Console, RenderableType
from rich.text import Text

from data import DataError, Rulebook, load_cases
from rl.cli.media import AllowMedia
from rl.terminal.safe_text import one_line

app = typer.Typer(
    help=(
        "Rulebooks of any size: [bold]search[/] one, see how much of gold is found in it ([bold]recall[/]), and "
        "[bold]check[/] it for what contradicts itself."
    ),
    rich_markup_mode="rich",
    no_args_is_help=True,
)
NAMED = 8
"""How many of a kind are named."""

Book = Annotated[str, typer.Argument(help="YAML file, or the name of a shipped rulebook.")]
How = Literal["bm25", "dense", "hybrid"]
Retrieve = Annotated[How, typer.Option(help="By words, by an encoder's vectors, or by both.")]
K = Annotated[int, typer.Option("--k", min=1, max=100_000, help="How many rules.")]
EncoderPath = Annotated[
    str | None, typer.Option("--encoder", help="For dense and hybrid: a folder, a run, or a name on the Hub.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]


@app.command()
def search(
    book: Book,
    text: Annotated[str, typer.Argument(help="What to look for, such as the text of an ad.")],
    retrieve: Retrieve = "bm25",
    k: K = 8,
    encoder: EncoderPath = None,
) -> None:
    """The rules that may matter most to a text."""
    from rl.evaluation.retrieval.table import hits_table

    _print(hits_table(_excerpts(book, retrieve, k, encoder).search(text, k)))


@app.command()
def recall(
    data: Annotated[list[str], typer.Option(help="Cases with gold: JSONL files, folders or datasets.")],
    rulebook: Annotated[str, typer.Option(help="YAML file, or the name of a shipped rulebook.")],
    retrieve: Annotated[
        list[str] | None, typer.Option(help="bm25, dense or hybrid. Can be repeated; all that can be, if left out.")
    ] = None,
    k: K = 8,
    encoder: EncoderPath = None,
    as_json: AsJson = False,
    allow_media: AllowMedia = None,
) -> None:
    """Of the rules that gold says are broken, how many are among the first k: what bounds a reviewer that is shown no
    more. In all, by severity, and which are never found.
    """
    from rl.evaluation.retrieval.recall import measure_recall
    from rl.evaluation.retrieval.table import never_found, recall_table

    ways: Sequence[str] = retrieve or (("bm25",) if encoder is None else ("bm25", "dense", "hybrid"))
    if encoder is not None and set(ways) == {"bm25"}:
        raise DataError("compares words, and takes no encoder: leave it out", field="--retrieve bm25")
    cases = load_cases(*data)
    if not cases:
        raise DataError("there are no cases", file=", ".join(data))
    if len(ids := Counter(case.id for case in cases)) < len(cases):
        raise DataError(f"there are two cases '{ids.most_common(1)[0][0]}': name each file once", field="--data")
    found = []
    for way in ways:
        retriever = _excerpts(rulebook, way, k, encoder if way != "bm25" else None).retriever
        assert retriever is not None
        found.append(measure_recall(retriever, cases, k))
    if as_json:
        typer.echo(json.dumps([recall.as_json() for recall in found], ensure_ascii=False, indent=2))
    else:
        _print(recall_table(found), *map(never_found, found))


@app.command()
def check(
    book: Book,
    data: Annotated[list[str] | None, typer.Option(help="Cases with gold, to see which rules they use.")] = None,
    as_json: AsJson = False,
    allow_media: AllowMedia = None,
) -> None:
    """Look for rules that are there twice, contradict each other, or have ids that are easily mixed up; with cases
    also for ids that the book has not, and rules that no case breaks. Exit code 1 if anything is wrong.
    """
    from data.checking.rulebook import check_rulebook

    report = check_rulebook(Rulebook.load(book), load_cases(*data) if data else None)
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        _print(Text(f"{report.rules:,} rules"), *_lines(report))
    if not report.ok:
        raise typer.Exit(1)


def _excerpts(book: str, retrieve: str, k: int, encoder: str | None) -> Any:
    """What looks through a book.

    Raises:
        DataError: there is no such book or encoder, or one is wanting.
    """
    from pydantic import ValidationError

    from data.errors import explain
    from prompts.excerpts import RetrievalConfig
    from rl.runs.excerpts import excerpts_of

    try:
        config = RetrievalConfig.model_validate({"retrieve": retrieve, "k": k, "encoder": encoder})
    except ValidationError as error:
        field, message = explain(error)
        raise DataError(message, field=f"--{field or 'encoder'}") from error
    return excerpts_of(book, config)


def _lines(report: Any) -> list[Text]:
    """What was found, what is wrong first."""
    wrong = {
        "say the same": report.duplicates,
        "say the same, with another severity or verdict": report.contradictions,
        "have ids that are easily mixed up": report.confusable,
    }
    lines = [_groups(what, groups, "red") for what, groups in wrong.items() if groups]
    if report.blank:
        lines.append(_listed(f"{len(report.blank):,} rules say nothing", report.blank, "red"))
    if report.use is not None and report.use.unknown:
        lines.append(_counted("gold names rules that the book has not", report.use.unknown, "red"))
    if report.near:
        lines.append(_groups("say nearly the same", report.near, "yellow"))
    if report.use is not None and report.use.reworded:
        lines.append(_counted("cases word rules themselves", report.use.reworded, "yellow"))
    if report.use is not None and report.use.unused:
        lines.append(_listed(f"{len(report.use.unused):,} rules are broken in no case", report.use.unused, "yellow"))
    return lines or [Text("nothing is wrong", style="green")]


def _groups(what: str, groups: Sequence[Sequence[str]], style: str) -> Text:
    named = [f"{' = '.join(ids[:NAMED])}{' = …' if len(ids) > NAMED else ''}" for ids in groups]
    return _listed(f"{sum(map(len, groups)):,} rules in {len(groups):,} groups {what}", named, style)


def _counted(what: str, counts: dict[str, int], style: str) -> Text:
    return _listed(what, [f"{rule} ({count})" for rule, count in counts.items()], style)


def _listed(what: str, named: Sequence[str], style: str) -> Text:
    more = f", and {len(named) - NAMED:,} more" if len(named) > NAMED else ""
    return Text(f"{what}: ", style=style).append(f"{', '.join(map(one_line, named[:NAMED]))}{more}", style="default")


def _print(*parts: RenderableType) -> None:
    console = Console(highlight=False, emoji=False)
    for part in parts:
        console.print(part)
