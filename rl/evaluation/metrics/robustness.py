"""Robustness: how often the verdict stays when nothing that matters is changed: the order of the rules, their names,
or their wording.

    stability under a change = variants with the same verdict as their original / variants

Variants name their original under ``meta.variant_of`` and the change under ``meta.variant``; sample is compared with
sample. Verdicts that are both unparsed are not the same. Whether the verdict is right does not matter here. Source:
invariance tests, Ribeiro et al. 2020, *Beyond Accuracy: Behavioral Testing of NLP Models with CheckList*; the order of
options: Zheng et al. 2024, *Large Language Models Are Not Robust Multiple Choice Selectors*.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from rl.evaluation.metrics import counted
from rl.evaluation.predictions import NO_RULING

KINDS = ("rule-order", "rule-ids", "paraphrase")


class Robustness(counted.Counted):
    by_case = False
    takes: ClassVar[dict[str, Any]] = {
        "predictions": counted.TEXT,
        "cases": counted.TEXT,
        "variant_of": counted.TEXT,
        "variant": counted.TEXT,
    }

    def applies(self, predictions: Sequence[Any]) -> bool:
        return any(prediction.variant_of is not None for prediction in predictions)

    def columns(self, predictions: Sequence[Any]) -> dict[str, list[Any]]:
        def sampled(case: str | None, prediction: Any) -> str | None:
            return None if case is None else f"{case}\n{prediction.sample}"

        return {
            "predictions": [p.verdict for p in predictions],
            "cases": [sampled(p.case, p) for p in predictions],
            "variant_of": [sampled(p.variant_of, p) for p in predictions],
            "variant": [p.meta.get("variant") for p in predictions],
        }

    def counts(
        self, predictions: Any, cases: Any, variant_of: Any, variant: Any, references: Any = None
    ) -> counted.Counts:
        verdicts = dict(zip(cases, predictions, strict=True))
        counts = np.zeros((len(predictions), 2 * len(KINDS) + 1))
        for row, (verdict, original, kind) in enumerate(zip(predictions, variant_of, variant, strict=True)):
            if original in verdicts and kind in KINDS:
                place = 2 * KINDS.index(kind)
                counts[row, place : place + 2] = verdict == verdicts[original] not in NO_RULING, 1
                counts[row, -1] = 1
        return counts

    def values(self, totals: counted.Counts) -> dict[str, counted.Counts]:
        return {
            f"{kind.replace('-', '_')}_stability": counted.ratio(totals[..., 2 * place], totals[..., 2 * place + 1])
            for place, kind in enumerate(KINDS)
        }
