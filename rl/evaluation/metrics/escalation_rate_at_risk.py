"""Escalation rate at a target error: how much must go to people, so that no more than that share of the decided cases
is wrong.

    escalation rate at error e = (confidence < t or escalated) / all
    error achieved             = decided wrongly at t / decided at t

A case is decided if the verdict is approve or reject and its confidence reaches t, which was chosen on other cases
(`rl.evaluation.choose_thresholds`); so the error achieved here differs from e and is shown beside the rate. An
unparsed completion counts as decided, wrongly, at every threshold. Source: Geifman & El-Yaniv 2017, *Selective
Classification for Deep Neural Networks*.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import datasets
import numpy as np

from rl.evaluation.metrics import counted
from rl.evaluation.outcomes import verdict_columns
from rl.evaluation.ranking.ranking import by_confidence, confidence_of
from rl.evaluation.ranking.thresholds import RISKS, named
from rl.evaluation.settings import Settings


class EscalationRateAtRisk(counted.Counted):
    takes: ClassVar[dict[str, Any]] = {
        "predictions": counted.TEXT,
        "references": counted.TEXT,
        "confidences": datasets.Value("float64"),
    }

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        confidences = [confidence_of(prediction) for prediction in predictions]
        return {**verdict_columns(predictions), "confidences": confidences}

    def options(self, settings: Settings) -> dict[str, Any]:
        return {"thresholds": settings.thresholds.values("risk", RISKS) if settings.thresholds else None}

    def counts(
        self, predictions: Any, references: Any, confidences: Any = None, accept: Any = None, thresholds: Any = None
    ) -> counted.Counts:
        judged = [row for row, gold in enumerate(references) if gold is not None]
        columns = (confidences, predictions, references, accept or [()] * len(predictions))
        ranking = by_confidence(*([column[row] for row in judged] for column in columns))
        counts = np.zeros((len(predictions), 3 * len(RISKS) + 1))
        for place, threshold in enumerate(thresholds or []):
            if threshold is not None:
                decided = ranking.scores >= threshold
                part = np.stack([decided, decided & ranking.true, np.ones(len(judged))], axis=1)
                counts[judged, 3 * place : 3 * place + 3] = part
        counts[judged, -1] = 1
        return counts

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        figures = {}
        for place, target in enumerate(RISKS):
            decided, wrong, everything = np.moveaxis(totals[..., 3 * place : 3 * place + 3], -1, 0)
            figures[named("escalation_rate_at_risk", target)] = 1 - counted.ratio(decided, everything)
            figures[named("achieved_risk", target)] = counted.ratio(wrong, decided)
        return figures
