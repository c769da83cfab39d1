"""Grounded-evidence rate: the share of citations whose evidence is really in the case.

    grounded-evidence rate = citations that have evidence, all of it found in the case / citations

A quote is found where it occurs in the field it names, a region where its image exists, an interval inside the media
(`rewards.grounded`). Whether the citation is right does not matter here; rulings that cite nothing have no part.
Source: the attribution precision of Rashkin et al. 2023, *Measuring Attribution in Natural Language Generation
Models*, with a mechanical check in place of the judge.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import datasets
import numpy as np

from rl.evaluation.metrics import counted


class GroundedEvidenceRate(counted.Counted):
    takes: ClassVar[dict[str, Any]] = {"predictions": datasets.List(datasets.Value("bool"))}

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        return {"predictions": [prediction.grounded for prediction in predictions]}

    def counts(self, predictions: Any, references: Any = None) -> counted.Counts:
        return np.array([(sum(citations), len(citations)) for citations in predictions], dtype=float)

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {"grounded_evidence_rate": counted.ratio(totals[..., 0], totals[..., 1])}
