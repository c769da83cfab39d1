"""Gallery: the cases that a report shows, chosen and prepared for the page.

Everything here comes from cases and models and is hostile: it stays plain text (the template escapes it), pictures are
drawn anew as small JPEGs.
"""

import base64
import io
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from data import Case, DataError, Evidence, Gold, Quote, Region, Rule, Rulebook
from data.media import open_image
from data.quotes import find_quote
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.outcomes import outcome_of
from rl.evaluation.predictions import Prediction
from rl.visible import told

GOLD = "gold"
LONGEST = 1_500
"""Characters shown of a text; what stands behind is said to be left out."""


@dataclass(frozen=True)
class Segment:
    """A piece of a text and whose quotes it lies in: ``gold``, ``m0``, ``m1`` …"""

    text: str
    marks: str


@dataclass(frozen=True)
class Box:
    """A region and whose it is, in percent of the picture."""

    mark: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Picture:
    """A thumbnail as a data URI, or why there is none."""

    label: str
    source: str | None
    trouble: str
    boxes: list[Box]


@dataclass(frozen=True)
class Citation:
    """A rule that a ruling or gold cites; ``right`` and ``found`` are None where there is nothing to say."""

    rule: str
    title: str
    evidence: list[str]
    right: bool | None
    found: bool | None


@dataclass(frozen=True)
class Answer:
    """What one model, or gold, says on a case."""

    name: str
    mark: str
    verdict: str
    outcome: str
    confidence: float | None
    citations: list[Citation]
    reasoning: str
    raw: str
    """The completion, where it could not be read as a ruling."""


@dataclass(frozen=True)
class Card:
    """A case on the page."""

    id: str
    split: str
    mechanism: str
    change: str
    outcomes: list[str]
    pictures: list[Picture]
    fields: list[tuple[str, list[Segment]]]
    rules: list[Rule]
    gold: Answer
    answers: list[Answer]


def select(evaluations: Sequence[Evaluation], limit: int, seed: int = 0) -> list[list[Prediction]]:
    """Cases worth a look, one prediction per model: every combination of outcomes gets its share, changes first."""
    per_model = [{p.case: p for p in evaluation.predictions if p.sample == 0} for evaluation in evaluations]
    rows = [[found[case] for found in per_model] for case in per_model[0] if all(case in f for f in per_model)]
    rng = random.Random(seed)
    rng.shuffle(rows)
    buckets: dict[tuple[str, ...], list[list[Prediction]]] = defaultdict(list)
    for row in rows:
        kind = (str(row[0].meta.get("mechanism", "")), *(outcome_of(prediction) or "" for prediction in row))
        buckets[kind].append(row)
    keys = sorted(buckets)
    rng.shuffle(keys)
    chosen: list[list[Prediction]] = []
    while len(chosen) < limit and any(buckets.values()):
        for key in keys:
            if buckets[key] and len(chosen) < limit:
                chosen.append(buckets[key].pop())
    order = {"fixed": 0, "broken": 1, "wrong": 2, "right": 3, "": 4}
    return sorted(chosen, key=lambda row: order[change(row)])


def change(row: Sequence[Prediction]) -> str:
    """From the first model to the last: ``fixed``, ``broken``, ``wrong`` or ``right`` (still); empty without gold."""
    first, last = outcome_of(row[0]), outcome_of(row[-1])
    if first is None or last is None:
        return ""
    if (first == "right") == (last == "right"):
        return "right" if last == "right" else "wrong"
    return "fixed" if last == "right" else "broken"


def card(case: Case, excerpt: Rulebook, row: Sequence[Prediction], names: Sequence[str], split: str) -> Card:
    """A case with gold and the models' rulings, ready for the page."""
    gold = row[0].gold
    cited: list[tuple[str, Evidence]] = []
    for violation in (gold.violations or []) if gold else []:
        cited += [(GOLD, evidence) for evidence in violation.evidence or []]
    for place, prediction in enumerate(row):
        for found in prediction.ruling.violations if prediction.ruling else []:
            cited += [(f"m{place}", evidence) for evidence in found.evidence]
    return Card(
        id=case.id,
        split=split,
        mechanism=str(case.meta.get("mechanism", "")),
        change=change(row),
        outcomes=[outcome_of(prediction) or "" for prediction in row],
        pictures=_pictures(case, cited),
        fields=[(name, _segments(text, name, cited)) for name, text in case.fields.items()],
        rules=list(excerpt.rules),
        gold=_gold_answer(gold, excerpt),
        answers=[_answer(p, place, name, excerpt) for place, (p, name) in enumerate(zip(row, names, strict=True))],
    )


def _gold_answer(gold: Gold | None, excerpt: Rulebook) -> Answer:
    violations = (gold.violations or []) if gold else []
    citations = [
        Citation(v.rule, _title(v.rule, excerpt), [told(e) for e in v.evidence or []], None, None) for v in violations
    ]
    verdict = (gold.verdict if gold else None) or "not annotated"
    return Answer("Gold", GOLD, verdict, "", None, citations, (gold and gold.reasoning) or "", "")


def _answer(prediction: Prediction, place: int, name: str, excerpt: Rulebook) -> Answer:
    ruling, gold = prediction.ruling, prediction.gold
    accepted = {rule for v in gold.violations for rule in v.accepted} if gold and gold.violations is not None else None
    citations = (
        [
            Citation(
                rule=violation.rule,
                title=_title(violation.rule, excerpt),
                evidence=[told(evidence) for evidence in violation.evidence],
                right=None if accepted is None else violation.rule in accepted,
                found=found,
            )
            for violation, found in zip(ruling.violations, prediction.grounded, strict=True)
        ]
        if ruling
        else []
    )
    return Answer(
        name=name,
        mark=f"m{place}",
        verdict=prediction.verdict,
        outcome=outcome_of(prediction) or "",
        confidence=ruling.confidence if ruling else None,
        citations=citations,
        reasoning=_cut(ruling.reasoning) if ruling else prediction.failure or "",
        raw="" if ruling else _cut(prediction.completion or ""),
    )


def _title(rule: str, excerpt: Rulebook) -> str:
    return (excerpt[rule].title or excerpt[rule].text) if rule in excerpt else "not in the excerpt"


def _segments(text: str, field: str, cited: Sequence[tuple[str, Evidence]]) -> list[Segment]:
    """The text cut where quotes begin and end."""
    spans = [
        (span, mark)
        for mark, evidence in cited
        if isinstance(evidence, Quote) and evidence.field == field and (span := find_quote(evidence.quote, text))
    ]
    shown = min(len(text), LONGEST)
    edges = sorted({0, shown} | {min(edge, shown) for span, _ in spans for edge in span})
    segments = []
    for start, end in pairwise(edges):
        marks = {mark for (low, high), mark in spans if low <= start and end <= high}
        segments.append(Segment(text[start:end], " ".join(sorted(marks))))
    if shown < len(text):
        segments.append(Segment(f" … and {len(text) - shown:,} more characters", "cut"))
    return segments


def _pictures(case: Case, cited: Sequence[tuple[str, Evidence]]) -> list[Picture]:
    media = [(f"image {i}", path, ("image", i)) for i, path in enumerate(case.images)]
    media += [(f"frame {i}, {frame.time:g} s", frame.path, ("frame", i)) for i, frame in enumerate(case.frames)]
    pictures = []
    for label, path, (kind, index) in media:
        boxes = [
            Box(mark, 100 * x0, 100 * y0, 100 * (x1 - x0), 100 * (y1 - y0))
            for mark, evidence in cited
            if isinstance(evidence, Region) and getattr(evidence, kind) == index
            for x0, y0, x1, y1 in [evidence.region]
        ]
        try:
            pictures.append(Picture(label, thumbnail(case, path), "", boxes))
        except DataError as error:
            pictures.append(Picture(label, None, error.message, boxes))
    return pictures


def thumbnail(case: Case, path: str, side: int = 300) -> str:
    """A picture of the case as a data URI, at most ``side`` pixels wide or high."""
    image = open_image(case.path(path), case.id)
    image.thumbnail((side, side))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=72)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … and {len(text) - LONGEST:,} more characters"
