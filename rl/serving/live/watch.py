"""Watching: a source is ruled on window by window as it goes on, and what comes of it is kept in a journal.

Who is too slow for a source that does not wait first looks at half of the frames, then leaves windows out, and the
journal says so. Stopped at any moment, even by a kill, watching goes on where it was: what it remembers follows from
the journal, and a window's alarms stand in one line with it.
"""

import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from data import Brief, Briefs, Case, Rulebook
from data.media.audio.recognizer import Recognizer
from data.media.live import Buffer, Feed, Opened, Source, View
from data.media.live.feed import Pace
from data.windows import Span
from data.windows.cut import remembered, window_of
from data.windows.settings import SHORTEST
from prompts import template_version
from rl.config.decoding import Decoding
from rl.generation.engine import Engine
from rl.generation.episodes import shown_hash
from rl.runs import journal
from rl.runs.journal import Began, Dropped, Ended, Journal, Record
from rl.serving.live.listener import Listener
from rl.serving.live.progress import Progress, WatchSettings
from rl.serving.live.reviewer import Reviewer, looked

PATIENCE = 0.25
"""Seconds between two looks at whether somebody wants to stop."""


def watch(
    engine: Engine,
    source: Source,
    book: Rulebook,
    out: str | Path,
    *,
    case: Case | None = None,
    settings: WatchSettings | None = None,
    decoding: Decoding | None = None,
    pace: Pace | None = None,
    by: Recognizer | None = None,
    listener: Callable[[Record], object] | None = None,
) -> Progress:
    """Watches a source to its end, or until it is interrupted.

    Args:
        engine: what rules.
        out: the journal; where there is one of the same watching, it is gone on with.
        case: what is known of the stream beside what it shows: its id, text fields, the rules it is judged by.
        by: speech recognition; nothing is transcribed if None.
        listener: is told of each record as it is written.

    Returns:
        What is remembered of the stream at its end.

    Raises:
        DataError: the source cannot be watched or is damaged, a window cannot be put to the engine, or the journal is
            of another watching.
    """
    case, settings = case or Case(id=source.name), settings or WatchSettings()
    reviewer = Reviewer(engine, book, decoding or Decoding())
    with Journal(out, listener) as kept, tempfile.TemporaryDirectory() as frames:
        brief = Brief.of(case.allowing(frames), book)
        progress = Progress(settings, brief.excerpt)
        _take_up(kept, began(brief, source.name, reviewer, settings, by), progress)
        if not progress.is_over:
            place, most = progress.place(datetime.now(UTC)), settings.most_lag + settings.windows.seconds
            buffer = Buffer(Path(frames), most, waits=not source.is_live, start=place.position)
            view = View(settings.windows.rate, settings.pixels, sound=by is not None)
            with Feed(source, view, place, buffer, pace or Pace()):
                _Watch(brief, reviewer, progress, buffer, kept, Listener(by, case.lang), source.is_live).run()
    return progress


def began(brief: Brief, source: str, reviewer: Reviewer, settings: WatchSettings, by: Recognizer | None) -> Began:
    """The first record of a stream.

    Args:
        brief: the stream's case: all of it, or what is known beside what it shows.
    """
    template = reviewer.decoding.template or "default"
    identity: dict[str, Any] = {
        **reviewer.engine.identity(reviewer.decoding),
        "rulebook": reviewer.book.fingerprint,
        "template": f"{template} {template_version(template)}",
        "case": shown_hash(Briefs([brief], reviewer.book), template),
        "settings": settings.model_dump(mode="json"),
        "speech": by.identity if by is not None else None,
    }
    return Began(stream=brief.id, time=datetime.now(UTC), source=source, identity=identity)


def _take_up(kept: Journal, new: Began, progress: Progress) -> None:
    """Goes on with what a journal holds, or begins it."""
    known = False

    def take(record: Record) -> None:
        nonlocal known
        if isinstance(record, Began):
            kept.check(new, record)
        known = True
        progress.replay(record)

    kept.replay(take)
    if not known:
        kept.write(new)


class _Watch:
    def __init__(
        self,
        brief: Brief,
        reviewer: Reviewer,
        progress: Progress,
        buffer: Buffer,
        kept: Journal,
        listener: Listener,
        is_live: bool,
    ):
        self._brief, self._reviewer, self._progress = brief, reviewer, progress
        self._buffer, self._kept, self._listener, self._is_live = buffer, kept, listener, is_live
        self._windows = progress.settings.windows

    def run(self) -> None:
        while (span := self._awaited()) is not None:
            self._say_what_happened()
            lag = self._lag(span)
            if lag > self._progress.settings.most_lag:
                self._leave_out(span)
                continue
            self._look(span, lag)
            self._buffer.forget(self._windows.span(self._progress.next).start)
        self._say_what_happened()
        if self._buffer.fault is not None:
            raise self._buffer.fault
        at = round(self._end, 3)
        self._kept.write(Ended(stream=self._brief.id, at=at, alarms=self._progress.end(at)))

    def _awaited(self) -> Span | None:
        """The next window, once all of it is there; what is left of the last one; None where there is no more."""
        span = self._windows.span(self._progress.next)
        while not self._buffer.wait(span.end, PATIENCE):  # an interruption is heard between two looks
            pass
        if self._buffer.reached >= span.end or not self._buffer.is_over:
            return span
        if self._buffer.fault is not None:  # once it is mended, there is more of this window
            return None
        before = self._progress.next * self._windows.every
        return self._windows.span(self._progress.next, self._end) if self._end > before + SHORTEST else None

    @property
    def _end(self) -> float:
        """When the stream ends, as far as is known: its last frame stands until the next one is looked for, and no
        longer than a recording lasts. Who goes on where all was looked at finds no frame any more.
        """
        ticks, last = View(self._windows.rate).next(self._buffer.reached), self._buffer.until
        known = ticks if last is None else min(ticks, max(last, self._buffer.reached))
        return max(self._progress.reached, known)

    def _lag(self, span: Span) -> float:
        return max(0.0, self._buffer.reached - span.end) if self._is_live else 0.0

    def _look(self, span: Span, lag: float) -> None:
        lines = self._listener.heard(self._buffer.sounds(span.end), span)
        all_ = self._buffer.frames(span.start, span.end)
        frames = self._windows.thinned(all_, max(1, self._windows.frames // 2) if lag > self._windows.every else None)
        if not frames and not lines:
            self._pass_over(span)
            return
        window = window_of(self._brief.case, span, frames, lines)
        told = remembered(Brief(window, self._brief.excerpt), self._progress.memory, span)
        (look,) = self._reviewer.look([told])
        alarms = self._progress.look(look.found, look.verdict, span)
        self._kept.write(looked(look, span, alarms, self._progress, self._lag(span)))
        dropped = self._buffer.dropped()
        thinned = len(all_) - len(frames) if lag > self._windows.every else 0
        if dropped.frames + thinned or dropped.sound:
            self._drop("behind", span, frames=dropped.frames + thinned, sound=dropped.sound)

    def _leave_out(self, span: Span) -> None:
        """Goes on with the last window that is there whole."""
        newest = max(span.number + 1, self._windows.count(self._buffer.reached) - 1)
        last = self._windows.span(newest - 1)
        self._buffer.sounds(last.end)
        self._listener.skip()
        frames = len(self._buffer.frames(span.start, last.end))
        self._progress.pass_over(newest - span.number, last.end)
        self._buffer.forget(self._windows.span(newest).start)
        whole = Span(span.number, span.end - span.fresh, last.end, last.end - span.end + span.fresh)
        self._drop("behind", whole, windows=newest - span.number, frames=frames + self._buffer.dropped().frames)

    def _pass_over(self, span: Span) -> None:
        """Goes on with the next window in which there is anything, however far a clock jumped."""
        first = self._buffer.first
        count = 1 if first is None else max(1, self._windows.count(first) - span.number)
        last = self._windows.span(span.number + count - 1) if count > 1 else span
        self._drop("nothing there", replace(span, end=last.end), windows=count)
        self._progress.pass_over(count, last.end)

    def _drop(self, why: str, span: Span, **what: Any) -> None:
        start, end = round(span.start, 3), round(span.end, 3)
        self._kept.write(Dropped(stream=self._brief.id, why=why, start=start, end=end, **what))

    def _say_what_happened(self) -> None:
        now = datetime.now(UTC)
        for notice in self._buffer.notices():
            if isinstance(notice, Opened):
                self._progress.opened(notice)
                self._kept.write(journal.Opened(stream=self._brief.id, time=now, **asdict(notice)))
            else:
                self._kept.write(journal.Lost(stream=self._brief.id, time=now, **asdict(notice)))
