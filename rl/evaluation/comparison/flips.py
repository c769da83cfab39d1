"""Flips: the cases that one of two models has right, and the other wrong."""

import numpy as np

from data import SEVERITIES
from rl.evaluation.comparison.comparison import Flip
from rl.evaluation.comparison.models import Models
from rl.evaluation.predictions import Prediction


def flips(models: Models) -> list[Flip]:
    """Losses before gains, the gravest first; challenger by challenger among equals."""
    found = []
    for place, name in enumerate(models.challengers, start=1):
        for row in np.flatnonzero(models.right[place] != models.right[0]).tolist():
            found.append(_flip(name, models.rows[0][row], models.rows[place][row], bool(models.right[place][row])))
    return sorted(found, key=lambda flip: (flip.direction == "gained", -_gravity(flip)))


def _flip(model: str, before: Prediction, after: Prediction, gained: bool) -> Flip:
    gold = before.gold
    assert gold is not None and gold.verdict is not None
    return Flip(
        case=before.case,
        sample=before.sample,
        model=model,
        direction="gained" if gained else "lost",
        gold=gold.verdict,
        before=before.verdict,
        after=after.verdict,
        rules=before.broken,
        severity=before.severity,
    )


def _gravity(flip: Flip) -> int:
    return -1 if flip.severity is None else SEVERITIES.index(flip.severity)
