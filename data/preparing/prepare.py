"""`prepare`: case files whose media become frames, transcripts, pictures of sound and sections of pages.

The same cases and settings give the same bytes, in however many processes; what an earlier run has made is taken over.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from data.case import Case
from data.errors import DataError
from data.media.audio.recognizer import Recognizer
from data.media.workers import in_processes
from data.preparing.case import Preparation, prepared
from data.preparing.run import Done, Prepared, run
from data.preparing.settings import PrepareSettings

SECONDS = 1800.0
"""That the media of one case may take."""


def prepare(
    *sources: Any,
    out: str | Path,
    settings: PrepareSettings | None = None,
    by: Recognizer | None = None,
    processes: int = 1,
    seconds: float = SECONDS,
    reached: Callable[[int], None] = lambda count: None,
) -> Prepared:
    """Prepares cases and writes ``cases.jsonl``, ``media/`` and, if need be, ``rejected.jsonl``.

    Args:
        sources: as for `load_cases`.
        out: the folder to write to.
        by: a speech recognition that is handed in, in place of the settings'; then all is done in this process, which
            a hostile file may take down.
        processes: how many work at once.
        seconds: that one case may take.
        reached: is told how many cases are done.

    Raises:
        DataError: a source cannot be read, or not one case could be prepared.
    """
    folder = Path(out)

    def work(cases: list[Case]) -> Done:
        tasks = [Preparation(case, folder, settings or PrepareSettings(), by) for case in cases]
        if by is None:
            yield from in_processes(prepared, tasks, processes, seconds)
            return
        for at, task in enumerate(tasks):
            try:
                yield at, prepared(task)
            except DataError as error:
                yield at, error

    return run(sources, folder, work, reached)
