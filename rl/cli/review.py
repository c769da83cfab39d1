"""``ruling review``: one ruling on one case, with its evidence checked."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel
from rich.console import Console, RenderableType

from data import Case, DataError, load_cases
from data.files import at_file
from data.reading.row import read_row
from rl.cli.cascade import CascadeFile, CheapPass, approved_alone
from rl.cli.desk import Blank, DeskFile, Tools, desks_of, read_desk
from rl.cli.excerpts import Excerpt, read_excerpt
from rl.cli.media import AllowMedia

app = typer.Typer()


@app.command()
def review(
    model: Annotated[str, typer.Argument(help="Checkpoint, run folder, or name on the Hub.")],
    case: Annotated[str, typer.Argument(help="JSON or JSONL file with the case; FILE#ID takes one of several.")],
    rulebook: Annotated[str, typer.Option(help="YAML file, or the name of a shipped rulebook.")],
    excerpt: Excerpt = None,
    id: Annotated[str | None, typer.Option(help="Which of several cases to take.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a panel.")] = False,
    template: Annotated[str | None, typer.Option(help="Prompt template; the one of its training if left out.")] = None,
    max_new_tokens: Annotated[int, typer.Option(min=1)] = 512,
    tools: Tools = None,
    desk: DeskFile = None,
    blank: Blank = "",
    cascade: CascadeFile = None,
    cheap: CheapPass = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Apply the ruling's edits to the case's texts, and review it again.")
    ] = False,
    fix_with: Annotated[
        str | None, typer.Option(help="Who reviews it again, with --fix: another checkpoint, run folder, or name.")
    ] = None,
    allow_media: AllowMedia = None,
) -> None:
    """Rule on one case and check what the ruling cites. Exit code 1 if the model wrote no ruling; with --fix, if the
    case, with the ruling's edits where it has any, was not approved.
    """
    from rl.config.decoding import Decoding
    from rl.runs.excerpts import excerpts_of
    from rl.serving.fixed import fixed_panel, review_fixed
    from rl.serving.review import panel
    from rl.serving.review import review as review_cases

    if fix_with is not None and not fix:
        raise DataError("--fix-with says who reviews the case again: give --fix, too")
    excerpts = excerpts_of(rulebook, read_excerpt(excerpt), model)
    briefs = excerpts.bind([pick(case, id)])
    desks = desks_of(read_desk(tools, desk, blank), excerpts.book, model)
    decoding = Decoding(template=template, max_new_tokens=max_new_tokens, batch_size=1)
    alone = approved_alone(cascade, cheap, model, briefs, decoding, desks)
    if fix and alone is None:
        (fixed,) = review_fixed(model, briefs, decoding, desks, fix_with)
        _print(fixed, fixed_panel(fixed), json, fixed.approved)
        return
    plain = alone or review_cases(model, briefs, decoding, desks)[0]
    _print(plain, panel(plain), json, plain.ruling is not None)


def _print(found: BaseModel, shown: RenderableType, json: bool, ok: bool) -> None:
    if json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        Console(emoji=False).print(shown)
    if not ok:
        raise typer.Exit(1)


def pick(source: str, id_: str | None = None) -> Case:
    """The case in a JSON or JSONL file; of several, the one with the id, given apart or after a ``#``.

    Raises:
        DataError: there is no such file or case, or there are several and none was named.
    """
    if id_ is None and not Path(source).exists() and "#" in source:
        source, _, id_ = source.partition("#")
    cases = [_whole(Path(source))] if source.endswith(".json") else load_cases(source)
    if id_ is None:
        if len(cases) != 1:
            raise DataError(f"holds {len(cases)} cases: name one, as in {source}#{cases[0].id}", file=source)
        return cases[0]
    for case in cases:
        if case.id == id_:
            return case
    raise DataError(f"there is no case '{id_}'", file=source)


def _whole(path: Path) -> Case:
    """The one case of a JSON file, which may be written over several lines."""
    if not path.is_file():
        raise DataError("no such file", file=path)
    with at_file(path, "read"):
        row = read_row(path.read_bytes(), path, line=1)
    if row.problem is not None:
        raise row.problem.error()
    assert row.case is not None
    return row.case
