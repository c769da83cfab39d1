"""AURC: how well confidence tells right verdicts from wrong ones: the area under the risk-coverage curve.

    AURC = mean over coverage of (decided wrongly / decided), the most confident first

Equal confidences are taken whole. An escalation is never decided; an unparsed completion is decided, wrongly, at every
threshold. Source: Geifman & El-Yaniv 2017, *Selective Classification for Deep Neural Networks*.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import datasets
import numpy as np
from numpy.typing import NDArray

from rl.evaluation.metrics import ranked
from rl.evaluation.outcomes import verdict_columns
from rl.evaluation.ranking.ranking import Floats, Ranking, area_under_risk, by_confidence, confidence_of


class AURC(ranked.Ranked):
    figure = "aurc"
    takes: ClassVar[dict[str, Any]] = {
        "predictions": datasets.Value("string"),
        "references": datasets.Value("string"),
        "confidences": datasets.Value("float64"),
    }

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        return {**verdict_columns(predictions), "confidences": [confidence_of(p) for p in predictions]}

    def kept(self, references: Sequence[str | None]) -> NDArray[np.int64]:
        return np.flatnonzero([gold is not None for gold in references])

    def ranking(self, **columns: Any) -> Ranking:
        accept = columns.get("accept") or [()] * len(columns["predictions"])
        return by_confidence(columns["confidences"], columns["predictions"], columns["references"], accept)

    def value(self, ranking: Ranking, weights: Floats | None = None) -> Floats:
        return area_under_risk(ranking, weights)
