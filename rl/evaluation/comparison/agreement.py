"""Agreement: how often two models, or a model and gold, give the same verdict."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rl.evaluation.comparison.comparison import Agreement
from rl.evaluation.comparison.models import Models
from rl.evaluation.outcomes import PREDICTED

GOLD = "gold"


def agreement(models: Models) -> Agreement:
    """The tables of all models and gold; a pair with gold is counted on the cases that have a gold verdict."""
    voices = [[row.verdict for row in rows] for rows in models.rows]
    voices.append([(row.gold.verdict if row.gold else None) or "" for row in models.gold])  # type: ignore[misc]
    pairs = [[_pair(ours, theirs) for theirs in voices] for ours in voices]
    return Agreement(
        names=[*models.names, GOLD],
        share=[[share for share, _ in row] for row in pairs],
        kappa=[[kappa for _, kappa in row] for row in pairs],
    )


def _pair(ours: Sequence[str], theirs: Sequence[str]) -> tuple[float, float]:
    """Share of equal verdicts, and Cohen's kappa: ``(share - chance) / (1 - chance)`` (Cohen 1960)."""
    table = np.zeros((len(PREDICTED), len(PREDICTED)))
    verdicts: NDArray[np.str_] = np.array(PREDICTED)
    ours_in, theirs_in = (np.array(voice)[:, None] == verdicts for voice in (ours, theirs))
    table = ours_in.T.astype(float) @ theirs_in
    if not table.sum():
        return float("nan"), float("nan")
    table /= table.sum()
    share, chance = float(np.trace(table)), float(table.sum(axis=0) @ table.sum(axis=1))
    return share, (share - chance) / (1 - chance) if chance < 1 else float("nan")
