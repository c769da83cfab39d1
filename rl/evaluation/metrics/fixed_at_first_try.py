"""Fixed at first try: of the ads that words can mend, the share approved with the ruling's edits.

    fixed at first try = approved with the edits, and still the same ad / ads to be mended that words can mend

An ad is the same where at least half of what gold would leave is left. A ruling that approves what is to be mended, or
that is none, has mended nothing. Who approves is Billboard's own judge or the reviewer that was named. Source: the
pass rate of program repair (pass@1, Chen et al. 2021), with a reviewer in the place of tests.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import datasets
import numpy as np

from rl.evaluation.metrics import advice, counted


class FixedAtFirstTry(advice.Advice):
    takes: ClassVar[dict[str, Any]] = {"predictions": datasets.Value("bool")}

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        return {"predictions": advice.said(predictions, "fixed")}

    def counts(self, predictions: Any, references: Any = None) -> counted.Counts:
        return np.array([(fixed is True, fixed is not None) for fixed in predictions], dtype=float)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"fixed_at_first_try": counted.ratio(totals[..., 0], totals[..., 1])}
