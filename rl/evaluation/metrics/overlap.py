"""Overlap: how well stretches and boxes that are cited cover those of gold, one to one."""

from collections import Counter
from collections.abc import Sequence
from math import prod
from typing import Any, ClassVar

import datasets
import numpy as np

from rewards.pure.matching import assign
from rl.evaluation.metrics import counted

SAID = {"rule": counted.TEXT, "where": counted.TEXT, "span": datasets.List(datasets.Value("float64"))}
MEANT = {**SAID, "rule": datasets.List(counted.TEXT)}


class Overlap(counted.Counted):
    """The mean IoU over pieces of gold evidence of one kind."""

    takes: ClassVar[dict[str, Any]] = {"predictions": datasets.List(SAID), "references": datasets.List(MEANT)}
    figure: ClassVar[str]
    """What the mean is called."""
    kind: ClassVar[str]
    """The field that this kind of evidence holds its span in."""

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        return {
            "predictions": [
                [self._piece(violation.rule, item) for violation in violations for item in self._of_kind(violation)]
                for violations in (p.ruling.violations if p.ruling else [] for p in predictions)
            ],
            "references": [
                [self._piece(list(v.accepted), item) for v in violations for item in self._of_kind(v)]
                for violations in ((p.gold.violations or []) if p.gold else [] for p in predictions)
            ],
        }

    def counts(self, predictions: Any, references: Any) -> counted.Counts:
        rows = zip(predictions, references, strict=True)
        return np.array([overlap(said, meant) for said, meant in rows], dtype=float)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {self.figure: counted.ratio(totals[..., 0], totals[..., 1])}

    def _of_kind(self, violation: Any) -> list[Any]:
        return [item for item in violation.evidence or [] if hasattr(item, self.kind)]

    def _piece(self, rule: Any, item: Any) -> dict[str, Any]:
        image, frame = getattr(item, "image", None), getattr(item, "frame", None)
        where = f"image {image}" if image is not None else f"frame {frame}" if frame is not None else ""
        return {"rule": rule, "where": where, "span": list(getattr(item, self.kind))}


def overlap(said: Sequence[dict[str, Any]], meant: Sequence[dict[str, Any]]) -> tuple[float, int, int]:
    """The sum of IoU at the best one-to-one assignment; the pieces it is a mean over; gold's pieces.

    Pieces said for a rule beyond as many as gold has for it are pieces with an IoU of 0, so that scattering boxes does
    not pay.
    """
    values = {
        (i, j): value
        for i, one in enumerate(said)
        for j, gold in enumerate(meant)
        if one["rule"] in gold["rule"] and one["where"] == gold["where"]
        if (value := iou(one["span"], gold["span"])) > 0
    }
    wanted = Counter(rule for gold in meant for rule in gold["rule"])
    cited = Counter(one["rule"] for one in said if one["rule"] in wanted)
    extra = sum(max(0, count - wanted[rule]) for rule, count in cited.items())
    return sum(values[pair] for pair in assign(values)), len(meant) + extra, len(meant)


def iou(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union of two intervals ``(start, end)`` or boxes ``(x0, y0, x1, y1)``."""
    half = len(a) // 2
    sides = list(zip(a[:half], a[half:], b[:half], b[half:], strict=True))
    shared = prod(max(0.0, min(end_a, end_b) - max(start_a, start_b)) for start_a, end_a, start_b, end_b in sides)
    size_a, size_b = prod(side[1] - side[0] for side in sides), prod(side[3] - side[2] for side in sides)
    union = size_a + size_b - shared
    return shared / union if union else float(list(a) == list(b))
