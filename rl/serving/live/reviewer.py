"""Reviewer: an engine that rules on windows, and what of a ruling can be relied on."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from data import Brief, Briefs, Rulebook, Verdict
from data.windows import Alarm, Sighting, Span
from data.windows.memory import sightings
from prompts import Episode
from rl.config.decoding import Decoding
from rl.generation.engine import Engine
from rl.runs.journal import Found, Looked
from rl.serving.live.progress import Progress
from rl.serving.review import checked


@dataclass(frozen=True)
class Look:
    """What came of one window."""

    window: Brief
    found: list[Sighting] | None
    """None where there is no ruling to be relied on."""
    verdict: Verdict | None
    confidence: float | None
    failure: str | None
    seconds: float
    """That the engine took."""


class Reviewer:
    """Rules on windows.

    Args:
        book: the whole rulebook.
        decoding: how the engine is asked; its own template where none is named.
    """

    def __init__(self, engine: Engine, book: Rulebook, decoding: Decoding):
        self.engine, self.book = engine, book
        self.decoding = decoding.with_template(engine.template or "default")

    def look(self, windows: Sequence[Brief]) -> list[Look]:
        """What it finds in windows, of as many streams, each told of what was found before it.

        Raises:
            DataError: a window cannot be put to the engine.
            RuntimeError: the engine left one out.
        """
        begun, briefs = time.monotonic(), Briefs(windows, self.book)
        keys = {(brief.id, 0) for brief in briefs}
        written = {e.case: e for batch in self.engine.write(briefs, self.decoding, keys) for e in batch}
        seconds = (time.monotonic() - begun) / max(1, len(windows))
        if missing := [brief.id for brief in briefs if brief.id not in written]:
            raise RuntimeError(f"'{self.engine.name}' left out {len(missing)} windows, first {missing[0]}")
        return [self._read(brief, written[brief.id], seconds) for brief in briefs]

    def _read(self, window: Brief, episode: Episode, seconds: float) -> Look:
        review = checked(episode, window, {})
        ruling, failure = review.ruling, review.failure or review.contradiction
        if ruling is None or failure is not None:
            return Look(window, None, None, None, failure, seconds)
        # As the journal has them, so that whoever goes on from it knows neither more nor less.
        exact = sightings(ruling.violations, window.case, window.excerpt)
        found = [Sighting(one.rule, round(one.start, 3), round(one.end, 3)) for one in exact]
        return Look(window, found, ruling.verdict, ruling.confidence, None, seconds)


def looked(look: Look, span: Span, alarms: list[Alarm], progress: Progress, lag: float) -> Looked:
    """The record of a window."""
    case = look.window.case
    assert case.window is not None
    return Looked(
        stream=case.window.stream,
        time=datetime.now(UTC),
        number=span.number,
        start=round(span.start, 3),
        end=round(span.end, 3),
        frames=len(case.frames),
        lines=len(case.transcript),
        verdict=look.verdict,
        confidence=look.confidence,
        failure=look.failure,
        found=[Found(rule=s.rule, start=s.start, end=s.end) for s in look.found or []],
        alarms=alarms,
        state=progress.state,
        seconds=round(look.seconds, 4),
        lag=round(lag, 3),
    )
