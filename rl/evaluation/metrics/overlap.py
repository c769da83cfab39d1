"""Overlap: how well stretches and boxes that are cited cover those of gold, one to one."""

from collections import Counter
from collections.abc import Mapping, Sequence
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
    reached: ClassVar[Mapping[str, float]] = {}
    """Further figures: the share of pieces whose IoU is no less."""

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
        return np.array([self._counted(said, meant) for said, meant in rows], dtype=float)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        names = (self.figure, *self.reached)
        return {name: counted.ratio(totals[..., at], totals[..., -2]) for at, name in enumerate(names)}

    def _counted(self, said: Sequence[dict[str, Any]], meant: Sequence[dict[str, Any]]) -> list[float]:
        """The sum of IoU, how many reach each level; the pieces that is of; gold's pieces."""
        found = overlaps(said, meant)
        reaching = [sum(value >= least for value in found) for least in self.reached.values()]
        return [sum(found), *reaching, len(meant) + beyond(said, meant), len(meant)]

    def _of_kind(self, violation: Any) -> list[Any]:
        return [item for item in violation.evidence or [] if hasattr(item, self.kind)]

    def _piece(self, rule: Any, item: Any) -> dict[str, Any]:
        image, frame = getattr(item, "image", None), getattr(item, "frame", None)
        where = f"image {image}" if image is not None else f"frame {frame}" if frame is not None else ""
        return {"rule": rule, "where": where, "span": list(getattr(item, self.kind))}


def overlaps(said: Sequence[dict[str, Any]], meant: Sequence[dict[str, Any]]) -> list[float]:
    """The IoU of each pair, one to one, assigned for the greatest sum; pairs that share nothing are left out."""
    values = {
        (i, j): value
        for i, one in enumerate(said)
        for j, gold in enumerate(meant)
        if one["rule"] in gold["rule"] and one["where"] == gold["where"]
        if (value := iou(one["span"], gold["span"])) > 0
    }
    return [values[pair] for pair in assign(values)]


def beyond(said: Sequence[dict[str, Any]], meant: Sequence[dict[str, Any]]) -> int:
    """How many pieces are said for a rule beyond as many as gold has for it. They are pieces with an IoU of 0, so that
    scattering boxes does not pay.
    """
    wanted = Counter(rule for gold in meant for rule in gold["rule"])
    cited = Counter(one["rule"] for one in said if one["rule"] in wanted)
    return sum(max(0, count - wanted[rule]) for rule, count in cited.items())


def iou(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union of two intervals ``(start, end)`` or boxes ``(x0, y0, x1, y1)``."""
    half = len(a) // 2
    sides = list(zip(a[:half], a[half:], b[:half], b[half:], strict=True))
    shared = prod(max(0.0, min(end_a, end_b) - max(start_a, start_b)) for start_a, end_a, start_b, end_b in sides)
    size_a, size_b = prod(side[1] - side[0] for side in sides), prod(side[3] - side[2] for side in sides)
    union = size_a + size_b - shared
    return shared / union if union else float(list(a) == list(b))
