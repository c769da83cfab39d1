"""Needless change: the share of edits that change what gold leaves as it is.

    needless change = edits that gold would not make / edits

Of an ad that gold approves every edit is one; else an edit that goes far beyond the words that gold changes, one that
cannot be applied, and one of a picture that gold leaves (`data.change.needless_edits`). Where nothing is advised there
is nothing to count. Source: the false discovery rate.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import datasets
import numpy as np

from rl.evaluation.metrics import advice, counted


class NeedlessChange(advice.Advice):
    takes: ClassVar[dict[str, Any]] = {"predictions": datasets.Value("int64"), "edits": datasets.Value("int64")}

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        return {"predictions": advice.said(predictions, "needless"), "edits": advice.said(predictions, "edits")}

    def counts(self, predictions: Any, edits: Any, references: Any = None) -> counted.Counts:
        return np.array([(few or 0, many or 0) for few, many in zip(predictions, edits, strict=True)], dtype=float)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"needless_change": counted.ratio(totals[..., 0], totals[..., 1])}
