"""Cutting: a case with times becomes the windows in which a watcher would have seen it.

Frames lie in the window in which they are shown; a line of the transcript in each that it reaches into, once it has
been spoken to its end. Everything that has no time (text fields, images, the page) is in all of them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import inf

from data.brief import Brief, Briefs
from data.case import Case, Frame
from data.errors import DataError
from data.gold import Gold
from data.rulebook import Rulebook
from data.ruling import Violation
from data.transcript import Line
from data.window import Window
from data.windows.gold import gold_in
from data.windows.memory import Memory, Sighting, sightings
from data.windows.settings import ROUNDING, SHORTEST, Span, WindowSettings

DIGITS = 3
"""Of the seconds in cases."""
MOST = 100_000
"""Windows of one case: days, at seconds a window. A time that is a slip of the pen would make as many as it likes."""


def cut(
    brief: Brief, settings: WindowSettings, remembering: bool = True, book: Rulebook | None = None
) -> Iterator[Brief]:
    """The windows of a case, in order, each with its gold: what breaks a rule in it, as far as it can be told by its
    end. Their ids are the case's with the second in which they end, and they are of one group.

    Args:
        remembering: whether each is told of what gold says of those before it; else it is for whoever watches to say
            what was found (`remembered`).
        book: the rules that gold's verdicts follow from; the excerpt if None.

    Raises:
        DataError: the case has neither frames nor transcript, nobody knows when a line of it is said, it lasts too
            long, or gold does not say when a rule is broken.
    """
    case = brief.case
    if (place := next((i for i, line in enumerate(case.transcript) if line.seconds is None), None)) is not None:
        message = f"case '{case.id}' does not say when this line is said: give its 'start' and 'end', in seconds"
        raise DataError(message, field=f"transcript.{place}")
    duration = duration_of(case)
    if not duration:
        raise DataError(f"case '{case.id}' has neither frames nor a transcript to be cut into windows", field="frames")
    if duration / settings.every > MOST:
        message = f"case '{case.id}' lasts {duration:g} s, which makes more than {MOST:,} windows: mend its times"
        raise DataError(message, field="frames" if case.duration is None else "duration")
    memory = Memory(settings)
    for span in settings.spans(duration):
        window, frames = _shown(case, span, settings, is_last=span.end > duration - SHORTEST)
        gold = gold_in(brief, window, frames, book or brief.excerpt)
        found = replace(brief, case=window.model_copy(update={"gold": gold}))
        if remembering:
            found = remembered(found, memory, span)
            memory.add(_stated(gold, found))
        yield found


def windows_of(briefs: Briefs, settings: WindowSettings, remembering: bool = True) -> Briefs:
    """The windows of all cases, those of one after those of another.

    Args:
        remembering: whether each is told of what gold says of those before it.

    Raises:
        DataError: as `cut`.
    """

    def windows(brief: Brief) -> Iterator[Brief]:
        # What retrieval loses is a miss: gold's verdict stays that of the whole book.
        return cut(brief, settings, remembering, briefs.book if brief.excerpt.retrieved else None)

    return Briefs((window for brief in briefs for window in windows(brief)), briefs.book)


def remembered(window: Brief, memory: Memory, span: Span) -> Brief:
    """The window, told of what was found before it."""
    assert window.case.window is not None
    told = window.case.window.model_copy(update={"earlier": memory.before(span)})
    return replace(window, case=window.case.model_copy(update={"window": told}))


def duration_of(case: Case) -> float:
    """How long a case lasts, in seconds: what it says, or to the end of its last line, and beyond its last frame
    as long as frames stand on average, less what lies before the first one: frames may be taken from the middle of
    what they stand for. 0 where it has neither.
    """
    times = sorted(frame.time for frame in case.frames)
    stands = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 1.0
    if case.duration is not None:
        return round(case.duration, DIGITS)
    ends = [line.end for line in case.transcript if line.end is not None]
    ends += [times[-1] + max(stands - times[0], stands / 2)] if times else []
    return round(max(ends, default=0.0), DIGITS)


def window_of(case: Case, span: Span, frames: Sequence[Frame], lines: Sequence[Line]) -> Case:
    """A case that shows one window of another, or of a stream.

    Args:
        case: what does not change over time, and the stream's name, its id.
        frames: those to be shown, at their times in the stream.
        lines: those that are heard, at their times in the stream.
    """

    def own(time: float) -> float:
        return round(min(max(0.0, time - span.start), span.length), DIGITS)

    return case.model_copy(
        update={
            "id": f"{case.id}@{round(span.end, DIGITS):.15g}",
            "group": case.cluster,
            "twin": None,
            "frames": [frame.model_copy(update={"time": own(frame.time)}) for frame in frames],
            "transcript": [moved(line, own) for line in lines],
            "video": None,
            "audio": None,
            "sound": None,
            "gold": None,
            "teacher": None,
            "window": Window(
                stream=case.id,
                start=round(span.start, DIGITS),
                length=round(span.length, DIGITS),
                fresh=round(span.fresh, DIGITS),
            ),
        }
    )


def heard_in(lines: Sequence[Line], span: Span) -> list[Line]:
    """The lines that reach into a window and have been spoken to their end by its own."""
    return [line for line in lines if line.end is not None and span.start < line.end <= span.end + ROUNDING]


def moved(line: Line, own: Callable[[float], float]) -> Line:
    """A line with its words at the times that a function makes of theirs."""
    words = [word.model_copy(update={"start": own(word.start), "end": own(word.end)}) for word in line.words]
    assert line.start is not None and line.end is not None  # `cut` takes no others, and a listener hears when
    return line.model_copy(update={"start": own(line.start), "end": own(line.end), "words": words})


def _shown(case: Case, span: Span, settings: WindowSettings, is_last: bool) -> tuple[Case, list[int]]:
    """The window, and which of the case's frames it has. What comes at the end of the recording, or is said to come
    behind it, is in the last one."""
    open_ = replace(span, end=inf) if is_last else span
    inside = [place for place, frame in enumerate(case.frames) if span.start <= frame.time < open_.end]
    chosen = settings.thinned(inside)
    return window_of(case, span, [case.frames[place] for place in chosen], heard_in(case.transcript, open_)), chosen


def _stated(gold: Gold | None, window: Brief) -> list[Sighting]:
    """What a ruling that states gold would have found."""
    broken = [] if gold is None else [(item, item.rule_in(window.excerpt)) for item in gold.violations or []]
    cited = [Violation(rule=rule.id, evidence=item.evidence or []) for item, rule in broken if rule is not None]
    return sightings(cited, window.case, window.excerpt)
