"""Gold of a window: what breaks a rule in it, as it could be told by its end.

When a rule is broken is told by gold's evidence: by intervals, where there are any; else by the frames that its
regions lie in and the lines that its quotes stand in. What has no time, such as words of a text field, breaks its rule
all the time. A stretch of time counts in a window only where something of it is shown there: a frame or a line.
"""

from collections.abc import Iterator, Sequence

from data.brief import Brief
from data.case import Case
from data.errors import DataError
from data.evidence import Evidence, Interval, Quote, Region
from data.gold import Gold, GoldViolation
from data.moments import frames_in, lines_in, seconds_of
from data.rulebook import Rulebook
from data.transcript import TRANSCRIPT


def gold_in(brief: Brief, window: Case, frames: Sequence[int], book: Rulebook) -> Gold | None:
    """The gold of one window of a case; None where the case has none.

    Args:
        window: without gold.
        frames: which of the case's frames it has.
        book: the rules that the verdict follows from.

    Raises:
        DataError: gold does not say what breaks which rule, or when.
    """
    gold = brief.gold
    if gold is None:
        return None
    if not lists_all(gold):
        raise _untold(brief, "does not list all that is broken")
    kept = []
    for violation in gold.violations or []:
        if not violation.evidence:
            raise _untold(brief, f"does not say when '{violation.rule}' is broken")
        if evidence := _shown(violation.evidence, window, frames):
            kept.append(violation.model_copy(update={"evidence": evidence}))
    return _judged(gold, kept, book)


def gold_spans(brief: Brief, duration: float) -> Iterator[tuple[GoldViolation, float, float]]:
    """Each stretch of time that breaks a rule: the violation, from when and to when, in seconds of the case.

    Args:
        duration: of the case: what has no time breaks its rule all along.

    Raises:
        DataError: gold does not say what breaks which rule, or by what.
    """
    gold = brief.gold
    if gold is None or not lists_all(gold):
        raise _untold(brief, "does not list all that is broken")
    for violation in gold.violations or []:
        if not violation.evidence:
            raise _untold(brief, f"does not say when '{violation.rule}' is broken")
        for start, end in _times(violation.evidence, brief.case) or [(0.0, duration)]:
            yield violation, start, end


def lists_all(gold: Gold) -> bool:
    """Whether gold says all that is broken, so that nothing else is."""
    return gold.violations is not None and gold.exhaustive


def says_when(gold: Gold) -> bool:
    """Whether gold says all that is broken, and by what."""
    return lists_all(gold) and all(violation.evidence for violation in gold.violations or [])


def _times(evidence: Sequence[Evidence], case: Case) -> list[tuple[float, float]]:
    """When evidence is shown or said: its intervals, or the lines and frames of the rest that has a time."""
    intervals = [item.interval for item in evidence if isinstance(item, Interval)]
    return intervals or [when for item in evidence if _is_timed(item) and (when := seconds_of(item, case))]


def _judged(gold: Gold, kept: list[GoldViolation], book: Rulebook) -> Gold:
    called = book.called_for(rule.id for one in kept if (rule := one.rule_in(book)) is not None)
    verdict = "escalate" if called == "approve" and gold.unclear else called
    # Worked reasoning and advice are about the whole, second-best verdicts about its own.
    return gold.model_copy(
        update={
            "violations": kept,
            "verdict": verdict,
            "accept": gold.accept if verdict == gold.verdict else [],
            "reasoning": None,
            "advice": None,
            "edits": None,
        }
    )


def _shown(evidence: Sequence[Evidence], window: Case, frames: Sequence[int]) -> list[Evidence]:
    """What of a violation's evidence a window shows, in its own terms; nothing where it shows no violation."""
    found = [(item, _own(item, window, frames)) for item in evidence]
    deciding = [pair for pair in found if isinstance(pair[0], Interval)] or [p for p in found if _is_timed(p[0])]
    if deciding and not any(own is not None for _, own in deciding):
        return []
    return [own for _, own in found if own is not None]


def _is_timed(item: Evidence) -> bool:
    return item.field == TRANSCRIPT if isinstance(item, Quote) else isinstance(item, Region) and item.frame is not None


def _own(item: Evidence, window: Case, frames: Sequence[int]) -> Evidence | None:
    """The evidence as it stands in the window; None where it does not."""
    if isinstance(item, Quote):
        return item if window.find(item) is not None else None
    if isinstance(item, Region):
        if item.frame is None:
            return item
        return item.model_copy(update={"frame": frames.index(item.frame)}) if item.frame in frames else None
    assert window.window is not None
    start, end = (round(time - window.window.start, 3) for time in item.interval)
    if not frames_in((start, end), window) and not lines_in((start, end), window):
        return None
    return Interval(interval=(max(0.0, start), min(end, window.window.length)))


def _untold(brief: Brief, what: str) -> DataError:
    message = f"gold of case '{brief.id}' {what}: windows need it, with its evidence as intervals in seconds"
    return DataError(message, field="gold.violations")
