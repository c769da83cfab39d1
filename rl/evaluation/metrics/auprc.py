"""AUPRC: how well risk tells what to reject, over all thresholds: the area under the precision-recall curve.

    AUPRC = sum over falling thresholds of (R_i - R_{i-1}) * P_i      (average precision)

Equal risks are one step, taken whole. A case without a risk is wrong at every threshold: never caught where gold
rejects, a false flag from the first threshold on where gold approves. Cases that gold escalates are left out. Chance
scores the share of rejections. Source: Davis & Goadrich 2006, *The Relationship Between Precision-Recall and ROC
Curves*; in steps rather than interpolated, as they advise.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl.evaluation.metrics import ranked
from rl.evaluation.ranking.ranking import Floats, Ranking, average_precision, by_risk


class AUPRC(ranked.Ranked):
    figure = "auprc"

    def kept(self, references: Sequence[str | None]) -> NDArray[np.int64]:
        return np.flatnonzero([gold in ("approve", "reject") for gold in references])

    def ranking(self, **columns: Any) -> Ranking:
        return by_risk(columns["predictions"], columns["references"])

    def rests_on(self, ranking: Ranking) -> float | None:
        return float(ranking.true.sum())  # it is a mean over what gold rejects

    def value(self, ranking: Ranking, weights: Floats | None = None) -> Floats:
        return average_precision(ranking, weights)
