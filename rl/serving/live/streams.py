"""Streams of cases: cases with times are watched as if they went on, as fast as the engine can, many side by side.

Each window is told of what the engine itself found in those before it, so that windows of one stream come one after
another; of many streams, one each is ruled on at once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from data import Brief, Briefs, DataError
from data.windows import Span, cut
from data.windows.cut import duration_of, remembered
from rl.config.decoding import Decoding
from rl.generation.engine import Engine
from rl.runs.journal import Began, Ended, Journal, Record
from rl.serving.live.progress import Progress, WatchSettings
from rl.serving.live.reviewer import Look, Reviewer, looked
from rl.serving.live.watch import began


@dataclass
class _Stream:
    brief: Brief
    progress: Progress
    windows: list[tuple[Span, Brief]] = field(default_factory=list)

    @classmethod
    def of(cls, brief: Brief, settings: WatchSettings) -> "_Stream":
        spans = settings.windows.spans(duration_of(brief.case))
        windows = cut(brief, settings.windows, remembering=False)
        return cls(brief, Progress(settings, brief.excerpt), list(zip(spans, windows, strict=True)))

    @property
    def next(self) -> tuple[Span, Brief] | None:
        """The window that is to be looked at, told of what was found before it."""
        if self.progress.next >= len(self.windows):
            return None
        span, window = self.windows[self.progress.next]
        return span, remembered(window, self.progress.memory, span)


def look_through(reviewer: Reviewer, streams: "list[_Stream]", at_once: int) -> Iterator[tuple["_Stream", Span, Look]]:
    """Every window that has not been looked at, with what came of it; who takes it says so to the stream's progress.

    Args:
        at_once: streams that are looked at side by side.
    """
    for start in range(0, len(streams), at_once):
        while True:
            waiting = [(one, one.next) for one in streams[start : start + at_once]]
            there = [(one, *window) for one, window in waiting if window is not None]
            if not there:
                break
            looks = reviewer.look([window for _, _, window in there])
            for (one, span, _), look in zip(there, looks, strict=True):
                yield one, span, look


def watch_cases(
    engine: Engine,
    briefs: Briefs,
    out: str | Path,
    settings: WatchSettings | None = None,
    decoding: Decoding | None = None,
    listener: Callable[[Record], object] | None = None,
) -> None:
    """Watches cases, and keeps one journal of all of them; one that is there is gone on with.

    Raises:
        DataError: there are no cases, one has no times, a window cannot be put to the engine, or the journal is of
            another watching.
    """
    if not briefs:
        raise DataError("there are no cases to watch")
    settings, decoding = settings or WatchSettings(), decoding or Decoding()
    reviewer = Reviewer(engine, briefs.book, decoding)
    streams = {brief.id: _Stream.of(brief, settings) for brief in briefs}
    news = {brief.id: began(brief, "case", reviewer, settings, None) for brief in briefs}

    def take(record: Record) -> None:
        if isinstance(record, Began):
            if record.stream in streams:
                kept.check(news.pop(record.stream), record)
            else:  # of other cases, that are watched in the same way: figures of a journal are those of one watching
                new = began(next(iter(briefs)), "case", reviewer, settings, None)
                own = {"stream": record.stream, "identity": new.identity | {"case": record.identity.get("case")}}
                kept.check(new.model_copy(update=own), record)
        if record.stream not in streams:
            return
        streams[record.stream].progress.replay(record)

    def end(one: _Stream) -> None:
        at = one.progress.reached
        kept.write(Ended(stream=one.brief.id, at=at, alarms=one.progress.end(at)))

    with Journal(out, listener) as kept:
        kept.replay(take)
        for new in news.values():
            kept.write(new)
        left = [one for one in streams.values() if not one.progress.is_over]
        for one in [one for one in left if one.next is None]:  # it was stopped just before it said so
            end(one)
        for one, span, look in look_through(reviewer, left, decoding.batch_size):
            alarms = one.progress.look(look.found, look.verdict, span)
            kept.write(looked(look, span, alarms, one.progress, 0.0))
            if one.next is None:
                end(one)
