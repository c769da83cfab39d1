"""What can be wrong with one case by itself: its content, its excerpt, its gold, what its teacher wrote.

Media files are looked at by `data.checking.check`, which opens each only once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from data.brief import Brief
from data.case import Case
from data.edit import Edit, PictureEdit, TextEdit
from data.errors import suggest
from data.evidence import Evidence, Interval, Quote
from data.fix import fix
from data.gold import Gold, GoldViolation
from data.page import PAGE
from data.reading.problem import Level
from data.rulebook import Rulebook
from data.ruling import Violation

LONG_TEXT = 100_000
"""Text of a case from this many bytes of UTF-8 on is worth a warning: some 25,000 tokens."""
LATE = 1.0
"""Seconds by which times may lie behind the end of a recording: lengths are rounded."""

EXCERPT_KINDS = ("unknown rule", "rule given twice")
"""Problems that leave a case without an excerpt, or with gold that means nothing."""


@dataclass(frozen=True)
class Remark:
    """A problem of a case, before it is known where the case stands."""

    kind: str
    message: str
    field: str | None = None
    level: Level = "error"


def inspect(case: Case, book: Rulebook) -> Iterator[Remark]:
    """Everything wrong with a case that can be told from the case and the rulebook."""
    yield from _content(case)
    if case.rules is not None and not case.rules:
        yield Remark("empty excerpt", "the case is judged by no rule at all", "rules", "warning")
    unknown = list(_unknown_rules(case, book))
    yield from unknown
    for place, given in (("gold", case.gold), ("teacher", case.teacher)):
        if given is not None:
            yield from _intent(given.intent, book, f"{place}.intent")
            cited: Sequence[GoldViolation | Violation] = given.violations or []
            for i, violation in enumerate(cited):
                for j, evidence in enumerate(violation.evidence or []):
                    yield from _evidence(case, evidence, f"{place}.violations.{i}.evidence.{j}")
            yield from _edits(case, given.edits or [], f"{place}.edits")
    if case.gold is not None:
        yield from _contradictions(case.gold)
        if case.gold.edits and case.gold.verdict == "approve":
            yield Remark("needless edits", "gold approves the case as it is, and has edits for it", "gold.edits")
    if unknown:
        return
    excerpt = Brief.of(case, book).excerpt
    if case.gold is not None:
        yield from _verdict(case, case.gold, excerpt)
    for i, by_teacher in enumerate(case.teacher.violations if case.teacher is not None else []):
        if by_teacher.rule not in excerpt:
            message = f"rule '{by_teacher.rule}' is not in the case's excerpt{suggest(by_teacher.rule, excerpt.ids)}"
            yield Remark("teacher cites another rule", message, f"teacher.violations.{i}.rule")


def _content(case: Case) -> Iterator[Remark]:
    if not (any(text.strip() for text in case.fields.values()) or case.images or case.frames or case.sound):
        level: Level = "warning" if case.video or case.audio or case.page else "error"
        yield Remark("no content", "there is nothing to review: no text, image or frame", "text", level)
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in case.fields.values())
    if size >= LONG_TEXT:
        message = f"{size:,} bytes of text, some {size // 4:,} tokens: likely longer than the model's context"
        yield Remark("long text", message, "text", "warning")
    for i, line in enumerate(case.transcript):
        if line.seconds is not None and line.seconds[1] < line.seconds[0]:
            yield Remark("impossible time", f"ends ({line.end}) before it starts ({line.start})", f"transcript.{i}")
    for i, (before, frame) in enumerate(pairwise(case.frames), start=1):
        if frame.time < before.time:
            message = f"at {frame.time:g} s, behind one at {before.time:g} s: put frames in the order of their times"
            yield Remark("impossible time", message, f"frames.{i}.time")
    yield from _behind_the_end(case)


def _behind_the_end(case: Case) -> Iterator[Remark]:
    """What is said to come when the recording is over, where it is known how long it lasts."""
    if case.duration is None:
        return
    times = [(f"frames.{i}.time", frame.time) for i, frame in enumerate(case.frames)]
    times += [(f"transcript.{i}.end", line.end) for i, line in enumerate(case.transcript) if line.end is not None]
    for place, time in times:
        if time > case.duration + LATE:
            message = f"{time:g} s, and the recording lasts {case.duration:g} s"
            yield Remark("impossible time", message, place)


def _unknown_rules(case: Case, book: Rulebook) -> Iterator[Remark]:
    refs = case.rules or []
    known = {*book.ids, *(rule.id for rule in refs if not isinstance(rule, str))}
    seen: set[str] = set()
    for i, ref in enumerate(refs):
        rule = ref if isinstance(ref, str) else ref.id
        if rule in seen:
            yield Remark("rule given twice", f"rule '{rule}' is in the excerpt twice", f"rules.{i}")
        seen.add(rule)
    for field, rule in (*((f"rules.{i}", r) for i, r in enumerate(refs) if isinstance(r, str)), *_cited(case.gold)):
        if rule not in known:
            message = f"rule '{rule}' is not in rulebook '{book.name}'{suggest(rule, known)}"
            yield Remark("unknown rule", message, field)


def _intent(intent: str | None, book: Rulebook, place: str) -> Iterator[Remark]:
    if intent is not None and book.intents and intent not in book.intents:
        message = f"intent '{intent}' is not in rulebook '{book.name}'{suggest(intent, book.intents)}"
        yield Remark("unknown intent", message, place)


def _contradictions(gold: Gold) -> Iterator[Remark]:
    """Rules of which gold says two things."""
    said = {rule: "broken" for violation in gold.violations or [] for rule in violation.accepted}
    for field, key, rules in (("gold.not", "in 'not'", gold.cleared), ("gold.unclear", "unclear", gold.unclear)):
        for i, rule in enumerate(rules):
            if said.setdefault(rule, key) != key:
                yield Remark(
                    "gold contradicts itself", f"rule '{rule}' is both {said[rule]} and {key}", f"{field}.{i}"
                )


def _edits(case: Case, edits: Sequence[Edit], place: str) -> Iterator[Remark]:
    """Edits that cannot be applied, or are of pictures that are not there."""
    left = {id(one.edit): one.why for one in fix(case, edits).left}
    for i, edit in enumerate(edits):
        if isinstance(edit, TextEdit) and id(edit) in left:
            yield Remark("edit not applicable", f"'{_short(edit.old)}': {left[id(edit)]}", f"{place}.{i}.old")
        elif isinstance(edit, PictureEdit):
            kind, index = edit.place
            if index >= (count := len(case.images if kind == "image" else case.frames)):
                message = f"{kind} {index} does not exist: the case has {count} (counted from 0)"
                yield Remark(f"no such {kind}", message, f"{place}.{i}.{kind}")


def _cited(gold: Gold | None) -> Iterator[tuple[str, str]]:
    """Every rule that gold names, with its field."""
    if gold is None:
        return
    for i, violation in enumerate(gold.violations or []):
        yield f"gold.violations.{i}.rule", violation.rule
        yield from ((f"gold.violations.{i}.or.{j}", rule) for j, rule in enumerate(violation.alternatives))
    yield from ((f"gold.not.{i}", rule) for i, rule in enumerate(gold.cleared))
    yield from ((f"gold.unclear.{i}", rule) for i, rule in enumerate(gold.unclear))


def _evidence(case: Case, evidence: Evidence, place: str) -> Iterator[Remark]:
    if isinstance(evidence, Quote):
        if evidence.section is not None and (evidence.field != PAGE or case.text_of(evidence) is None):
            count = len(case.page.sections) if case.page is not None and evidence.field == PAGE else 0
            message = f"'{evidence.field}' of the case has no section {evidence.section}: it has {count}, from 0"
            yield Remark("quote not found", message, f"{place}.section")
        elif case.text_of(evidence) is None:
            message = f"the case has no text field '{evidence.field}'{suggest(evidence.field, case.fields)}"
            yield Remark("quote not found", message, f"{place}.field")
        elif case.find(evidence) is None:
            section = f", section {evidence.section}," if evidence.section is not None else ""
            message = f"'{_short(evidence.quote)}' does not occur in '{evidence.field}'{section} of the case"
            yield Remark("quote not found", message, f"{place}.quote")
    elif isinstance(evidence, Interval):
        if not case.runs:
            message = "an interval, but the case has no video, audio, frames or transcript with times"
            yield Remark("no such recording", message, f"{place}.interval")
        elif case.duration is not None and evidence.interval[1] > case.duration + LATE:
            message = f"ends at {evidence.interval[1]:g} s, and the recording lasts {case.duration:g} s"
            yield Remark("impossible time", message, f"{place}.interval")
    else:
        kind, index = ("image", evidence.image) if evidence.image is not None else ("frame", evidence.frame)
        count = len(case.images if kind == "image" else case.frames)
        if index is not None and index >= count:
            message = f"{kind} {index} does not exist: the case has {count} (counted from 0)"
            yield Remark(f"no such {kind}", message, f"{place}.{kind}")


def _verdict(case: Case, gold: Gold, excerpt: Rulebook) -> Iterator[Remark]:
    """Whether the gold verdict follows from the gold violations under the excerpt."""
    outside = [violation for violation in gold.violations or [] if violation.rule_in(excerpt) is None]
    if outside and not gold.exhaustive:
        message = f"gold breaks {_rules(outside)}, outside of the excerpt, and is not exhaustive, so that the verdict "
        yield Remark("gold outside excerpt", message + "under the excerpt cannot be worked out", "gold.violations")
        return
    projected = gold.under(excerpt)
    if projected.verdict != gold.verdict:
        reason = f"without {_rules(outside)}" if outside else "without the unclear rules"
        message = f"under the case's excerpt, {reason}, gold {gold.verdict} becomes {projected.verdict}"
        yield Remark("gold changed by excerpt", message, "rules", "warning")
    if projected.verdict is None or projected.violations is None:
        return
    possible = _possible_verdicts(projected, excerpt)
    if projected.verdict in possible:
        return
    if projected.verdict == "escalate" and not projected.violations:
        message = "gold escalates, but names no rule as unclear and none that calls for it"
        yield Remark("unexplained escalation", message, "gold.unclear", "warning")
    else:
        cited = _rules(projected.violations) if projected.violations else "no violation"
        message = f"verdict {projected.verdict} with {cited}, which calls for {' or '.join(sorted(possible))}"
        yield Remark("verdict contradicts violations", message, "gold.verdict")


def _possible_verdicts(gold: Gold, excerpt: Rulebook) -> set[str]:
    """The verdicts that the violations may call for; more than one where alternatives differ or some are unlisted."""
    options = [
        {excerpt.called_for([rule]) for rule in v.accepted if rule in excerpt} or {"reject"}
        for v in gold.violations or []
    ]
    if not options:
        possible = {"escalate" if gold.unclear else "approve"}
        return possible if gold.exhaustive else {"approve", "reject", "escalate"}
    possible = {"reject"} if any("reject" in option for option in options) or not gold.exhaustive else set()
    return possible | ({"escalate"} if all("escalate" in option for option in options) else set())


def _rules(violations: Iterable[GoldViolation]) -> str:
    return ", ".join(violation.rule for violation in violations)


def _short(text: str, length: int = 60) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
