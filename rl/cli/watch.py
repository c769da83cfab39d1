"""``ruling watch``: a stream, or cases as if they were streams, ruled on window by window."""

from pathlib import Path
from typing import Annotated

import typer

from data import DataError
from rl.cli.excerpts import Excerpt, read_excerpt
from rl.cli.media import AllowMedia
from rl.cli.next_steps import again
from rl.cli.numbers import finite

app = typer.Typer()


@app.command()
def watch(
    model: Annotated[str, typer.Argument(help="Checkpoint, run folder, name on the Hub, or a server's model.")],
    source: Annotated[
        str,
        typer.Argument(
            help="A recording; an address (http://….m3u8, rtmp://, rtsp://); a folder in which segments come to lie; "
            "or a .jsonl of cases with frames or transcripts."
        ),
    ],
    rulebook: Annotated[str, typer.Option(help="YAML file, or the name of a shipped rulebook.")],
    excerpt: Excerpt = None,
    journal: Annotated[Path, typer.Option(help="File that all is kept in; goes on where it was.")] = Path(
        "watch.jsonl"
    ),
    case: Annotated[
        str | None, typer.Option(help="JSON or JSONL file with what is known beside the stream; FILE#ID takes one.")
    ] = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="A recording as fast as possible, not at its own pace.")
    ] = False,
    seconds: Annotated[
        float, typer.Option(min=0.1, max=3600, callback=finite, help="Seconds that a window lasts.")
    ] = 4.0,
    every: Annotated[
        float | None,
        typer.Option(
            min=0.1, max=3600, callback=finite, help="Seconds from one window to the next; --seconds if left out."
        ),
    ] = None,
    frames: Annotated[int, typer.Option(min=1, max=256, help="Most frames of a window.")] = 4,
    pixels: Annotated[int, typer.Option(min=1024, help="Most pixels of a frame.")] = 200_704,
    remember: Annotated[
        int, typer.Option(min=0, max=256, help="Most findings of earlier windows that a window is told of.")
    ] = 8,
    agree: Annotated[int, typer.Option(min=1, max=100, help="Windows in a row that raise an alarm, or clear it.")] = 2,
    most_lag: Annotated[
        float,
        typer.Option(min=0.1, max=3600, callback=finite, help="Seconds behind, beyond which windows are left out."),
    ] = 20.0,
    give_up: Annotated[
        float, typer.Option(min=1, callback=finite, help="Seconds of silence after which a lost source is over.")
    ] = 300.0,
    idle: Annotated[
        float | None,
        typer.Option(
            min=1, callback=finite, help="Seconds without a new file after which a folder is over; never if left out."
        ),
    ] = None,
    speech: Annotated[
        str | None,
        typer.Option(help="Speech recognition: as for ruling data prepare. Nothing is transcribed without."),
    ] = None,
    served_speech: Annotated[str, typer.Option(help="What the speech server calls its model.")] = "whisper-1",
    endpoint: Annotated[str | None, typer.Option(help="Server that speaks the OpenAI API, and has the model.")] = None,
    template: Annotated[str | None, typer.Option(help="Prompt template; the one of its training if left out.")] = None,
    max_new_tokens: Annotated[int, typer.Option(min=1)] = 512,
    json: Annotated[bool, typer.Option("--json", help="Print the journal's lines as they come.")] = False,
    allow_media: AllowMedia = None,
) -> None:
    """Rule on a stream window by window; raise and clear alarms. Stopped at any moment, the same command goes on."""
    from pydantic import ValidationError
    from rich.text import Text

    from data import load_cases
    from data.address import without_credentials
    from data.errors import explain
    from data.media.audio.asr import recognizer
    from data.media.live import source_of
    from data.media.live.feed import Pace
    from data.media.live.folder import FolderSource
    from data.windows import WindowSettings
    from rl.cli.review import pick
    from rl.config.decoding import Decoding
    from rl.generation.endpoint import Endpoint
    from rl.generation.episodes import engine_of
    from rl.runs.excerpts import excerpts_of
    from rl.runs.journal import Record
    from rl.serving.live.panel import WatchPanel
    from rl.serving.live.progress import WatchSettings
    from rl.serving.live.streams import watch_cases
    from rl.serving.live.watch import watch as watch_source
    from rl.terminal.console import console
    from rl.terminal.errors import interruptible
    from rl.terminal.safe_text import one_line

    try:
        windows = WindowSettings(seconds=seconds, every=every or seconds, frames=frames, remember=remember)
        settings = WatchSettings(windows=windows, agree=agree, pixels=pixels, most_lag=most_lag)
    except ValidationError as error:
        field, message = explain(error)
        raise DataError(message, field=f"--{field.replace('_', '-')}" if field else None) from error
    excerpts = excerpts_of(rulebook, read_excerpt(excerpt), None if endpoint else model)
    known = pick(case) if case else None
    is_live = not source.endswith(".jsonl")
    for option, given in (("--case", case), ("--speech", speech)):
        if given is not None and not is_live:
            raise DataError("is for what goes on: cases say themselves what is known and what is said", field=option)
    if is_live and excerpts.facts is not None and (known is None or known.rules is None):
        if known is None or not known.fields:
            why = "rules are retrieved by what a case says, and nobody knows yet what a stream is about"
            raise DataError(f"{why}: give a case that tells it, or names its rules ('rules'), with --case")
        known = excerpts.bind([known])[0].case
    engine = Endpoint(endpoint, model) if endpoint else engine_of(model)
    decoding = Decoding(template=template, max_new_tokens=max_new_tokens)
    panel = WatchPanel(without_credentials(source), shown=not json)

    heard = False

    def listen(record: Record) -> None:
        nonlocal heard
        heard = True
        panel.listen(record)
        if json:
            typer.echo(record.model_dump_json())

    with interruptible(again()), panel:
        if not is_live:
            watch_cases(engine, excerpts.bind(load_cases(source)), journal, settings, decoding, listen)
        else:
            place = source_of(source)
            watch_source(
                engine,
                FolderSource(place.path, idle) if isinstance(place, FolderSource) else place,
                excerpts.book,
                journal,
                case=known,
                settings=settings,
                decoding=decoding,
                pace=Pace(fast, give_up),
                by=recognizer(speech, served_speech) if speech else None,
                listener=listen,
            )
    if not heard:
        said = f"{journal}: has been watched to its end; give another --journal to watch it once more"
        console().print(Text(one_line(said)), soft_wrap=True)
