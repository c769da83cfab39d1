"""Frame hit rate: whether what is cited in time points at a moment of the violation, however well it is bounded.

    frame hit rate = sum of the hits' share of moments cited for a violation / violations with an interval in gold

A moment is that of a frame in which a region is cited, or the middle of a cited interval; it hits if it lies in one of
gold's intervals for the violation. Moments count for the rule that they are cited for (or one it stands for); where
none is cited, the violation counts 0. Citing the whole recording has one middle, and scattering moments dilutes the
share. Source: the pointing game of Zhang et al. 2016, *Top-down Neural Attention by Excitation Backprop*, in time.
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import datasets
import numpy as np

from data import Interval
from rl.evaluation.metrics import counted
from rl.evaluation.predictions import Prediction

SPANS = datasets.List(datasets.List(datasets.Value("float64")))
SAID = {"rule": counted.TEXT, "moment": datasets.Value("float64")}
MEANT = {"rule": datasets.List(counted.TEXT), "spans": SPANS}


class FrameHitRate(counted.Counted):
    takes: ClassVar[dict[str, Any]] = {"predictions": datasets.List(SAID), "references": datasets.List(MEANT)}

    def columns(self, predictions: Sequence[Prediction]) -> dict[str, list[Any]]:
        return {
            "predictions": [list(_moments(prediction)) for prediction in predictions],
            "references": [list(_wanted(prediction)) for prediction in predictions],
        }

    def counts(self, predictions: Any, references: Any) -> counted.Counts:
        rows = zip(predictions, references, strict=True)
        return np.array([(sum(_share(said, one) for one in meant), len(meant)) for said, meant in rows], dtype=float)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"frame_hit_rate": counted.ratio(totals[..., 0], totals[..., 1])}


def _share(said: Sequence[dict[str, Any]], wanted: dict[str, Any]) -> float:
    moments = [one["moment"] for one in said if one["rule"] in wanted["rule"]]
    hits = sum(any(start <= moment <= end for start, end in wanted["spans"]) for moment in moments)
    return hits / len(moments) if moments else 0.0


def _moments(prediction: Prediction) -> Iterator[dict[str, Any]]:
    for violation in prediction.ruling.violations if prediction.ruling else []:
        for item in violation.evidence:
            if isinstance(item, Interval):
                yield {"rule": violation.rule, "moment": sum(item.interval) / 2}
            elif (frame := getattr(item, "frame", None)) is not None and frame < len(prediction.frames):
                yield {"rule": violation.rule, "moment": prediction.frames[frame]}


def _wanted(prediction: Prediction) -> Iterator[dict[str, Any]]:
    for violation in (prediction.gold.violations or []) if prediction.gold else []:
        spans = [list(item.interval) for item in violation.evidence or [] if isinstance(item, Interval)]
        if spans:
            yield {"rule": list(violation.accepted), "spans": spans}
