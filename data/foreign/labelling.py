"""From a foreign row's labels and boxes to gold."""

from collections.abc import Callable, Sequence
from typing import Any

from data.errors import DataError, suggest
from data.evidence import Evidence, Quote, Region
from data.foreign.mapping import Boxes, Labels, Mapping, Outcome
from data.foreign.records import json_value, text_of, value_at
from data.gold import Gold, GoldViolation
from data.ruling import Verdict

Get = Callable[[str], Any]
"""The row's value at a path, None where it has none."""
Warn = Callable[[str], None]


def gold_of(get: Get, mapping: Mapping, text: dict[str, str], sizes: Sequence[tuple[int, int]], warn: Warn) -> Gold:
    """The gold of one row.

    Args:
        get: reads the row.
        mapping: with labels.
        text: the case's text fields.
        sizes: width and height of the case's images, in pixels.
        warn: is told what was mended.

    Raises:
        DataError: a label is unknown, labels contradict each other, or a box makes no sense.
    """
    assert mapping.labels is not None
    outcomes = {label: _outcome(label, mapping.labels) for label in _labels(get, mapping.labels)}
    rules = list(dict.fromkeys(rule for outcome in outcomes.values() for rule in outcome.rules))
    verdict = _verdict(outcomes, mapping.book.called_for(rules) if rules else None)
    evidence: dict[str, list[Evidence]] = {rule: [] for rule in rules}
    if mapping.quote is not None and mapping.quote in text:
        for cited in evidence.values():
            cited.append(Quote(quote=text[mapping.quote], field=mapping.quote))
    if mapping.boxes is not None:
        for rule, region in _regions(get, mapping.boxes, mapping.labels, sizes, warn):
            if rule not in evidence:
                raise DataError(f"a box shows rule '{rule}', but the row has no label for it", field="boxes")
            evidence[rule].append(region)
    alternatives = {o.rules[0]: o.alternatives for o in outcomes.values() if o.alternatives}
    violations = [
        GoldViolation(rule=rule, alternatives=alternatives.get(rule, []), evidence=cited or None)
        for rule, cited in evidence.items()
    ]
    return Gold(
        verdict=verdict,
        # No rule named: none is broken if the row is approved; otherwise nobody has said which.
        violations=violations or ([] if verdict == "approve" else None),
        exhaustive=mapping.labels.exhaustive or verdict == "approve",
    )


def _labels(get: Get, labels: Labels) -> list[str]:
    value = get(labels.source)
    if isinstance(value, list):
        found = [text_of(item) for item in value]
    else:
        text = text_of(value)
        found = text.split(labels.separator) if labels.separator else [text]
    return list(dict.fromkeys(label.strip() for label in found if label.strip())) or [""]


def _outcome(label: str, labels: Labels) -> Outcome:
    outcome = labels.outcome(label)
    if outcome is None:
        what = f"unknown label '{label}'{suggest(label, labels.table)}" if label else "no label"
        raise DataError(f"{what}: the mapping's label table lacks it", field=labels.source)
    return outcome


def _verdict(outcomes: dict[str, Outcome], called_for: Verdict | None) -> Verdict:
    """The verdict that the labels give, or that their rules call for."""
    given = {outcome.verdict for outcome in outcomes.values() if outcome.verdict is not None}
    if len(given) > 1 or ("approve" in given and called_for is not None):
        raise DataError(f"the labels {', '.join(outcomes)} contradict each other", field="labels")
    verdict = given.pop() if given else called_for
    assert verdict is not None
    return verdict


def _regions(
    get: Get, boxes: Boxes, labels: Labels, sizes: Sequence[tuple[int, int]], warn: Warn
) -> list[tuple[str, Region]]:
    """The boxes that show a broken rule, normalised."""
    found = get(boxes.source)
    found = json_value(found) if isinstance(found, str) and found.strip() else found or []
    if not isinstance(found, list):
        raise DataError(f"want a list of boxes, not {type(found).__name__}", field=boxes.source)
    regions = []
    for box in found:
        rules = _outcome(text_of(value_at(box, boxes.label)).strip(), labels).rules
        if not rules:
            continue
        if boxes.image >= len(sizes):
            raise DataError(f"boxes on image {boxes.image}, but the row has {len(sizes)}", field=boxes.source)
        corners = _normalised(value_at(box, boxes.box), sizes[boxes.image], warn)
        regions += [(rule, Region(image=boxes.image, region=corners)) for rule in rules]
    return regions


def _normalised(box: Any, size: tuple[int, int], warn: Warn) -> tuple[float, float, float, float]:
    """``[x, y, width, height]`` in pixels as ``(x0, y0, x1, y1)`` in 0..1, clipped to the image."""
    if not (isinstance(box, list) and len(box) == 4 and all(type(number) in (int, float) for number in box)):
        raise DataError(f"want a box as four numbers [x, y, width, height], not {box!r}", field="boxes")
    (x, y, w, h), (width, height) = box, size
    corners = x / width, y / height, (x + w) / width, (y + h) / height
    x0, y0, x1, y1 = (round(min(max(corner, 0.0), 1.0), 6) for corner in corners)
    if x1 <= x0 or y1 <= y0:
        raise DataError(f"box {box} has no area within the image of {width} x {height}", field="boxes")
    if min(corners) < 0.0 or max(corners) > 1.0:
        warn(f"box {box} sticks out of the image of {width} x {height}: clipped")
    return x0, y0, x1, y1
