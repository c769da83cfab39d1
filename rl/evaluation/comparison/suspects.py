"""Suspects: cases whose gold may be wrong, because every model contradicts it, all alike and all confident.

Confident learning looks for labels that a trusted model contradicts with high confidence (Northcutt, Jiang & Chuang
2021, *Confident Learning: Estimating Uncertainty in Dataset Labels*); here all models, and all samples of a case, must
say the same. A suspect is a case for a person to look at again, not an error: models can share one.
"""

from collections import defaultdict

import numpy as np

from rl.evaluation.comparison.comparison import Suspect
from rl.evaluation.comparison.models import Models
from rl.evaluation.predictions import Prediction
from rl.evaluation.ranking.ranking import confidence_of

CONFIDENT = 0.9


def suspects(models: Models) -> list[Suspect]:
    """The most confident first."""
    wrong = models.judged & ~models.right.any(axis=0)
    said: dict[str, list[Prediction]] = defaultdict(list)
    possible = {models.gold[row].case for row in np.flatnonzero(wrong).tolist()}
    for rows in models.rows:
        for row in rows:
            if row.case in possible:
                said[row.case].append(row)
    found = [suspect for rows in said.values() if (suspect := _suspect(rows)) is not None]
    return sorted(found, key=lambda suspect: (-suspect.confidence, suspect.case))


def _suspect(rows: list[Prediction]) -> Suspect | None:
    gold, verdict = rows[0].gold, rows[0].verdict
    assert gold is not None and gold.verdict is not None
    confidence = min(confidence_of(row) or 0.0 for row in rows)
    if gold.accepts(verdict) or any(row.verdict != verdict for row in rows) or confidence < CONFIDENT:
        return None
    return Suspect(rows[0].case, gold.verdict, verdict, confidence)
