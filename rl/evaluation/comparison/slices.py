"""Slices: verdicts on the cases whose gravest broken rule has one severity or category."""

from collections import Counter
from typing import Literal

import numpy as np

from data import SEVERITIES
from rl.evaluation.comparison.comparison import SliceRow
from rl.evaluation.comparison.models import Models
from rl.evaluation.comparison.words import judged

Kind = Literal["severity", "category"]


def slice_rows(models: Models) -> list[SliceRow]:
    """Severities from grave to slight, then categories from frequent to rare."""
    parts: list[tuple[Kind, str]] = [("severity", value) for value in values(models, "severity")]
    parts += [("category", value) for value in values(models, "category")]
    return [_row(models, kind, value) for kind, value in parts]


def values(models: Models, kind: Kind) -> list[str]:
    """The severities or categories of the cases that have a gold verdict."""
    rows = [models.gold[place] for place in np.flatnonzero(models.judged).tolist()]
    found = Counter(value for row in rows if (value := getattr(row, kind)) is not None)
    if kind == "severity":
        return [severity for severity in reversed(SEVERITIES) if severity in found]
    return sorted(found, key=lambda value: (-found[value], value))


def part(models: Models, kind: Kind, value: str) -> Models:
    """The models on the cases of one severity or category."""
    return models.where(np.array([getattr(row, kind) == value for row in models.gold]) & models.judged)


def _row(models: Models, kind: Kind, value: str) -> SliceRow:
    here = part(models, kind, value)
    figure = here.accuracy()
    challengers = range(len(models.challengers))
    differences = [figure.difference(challenger) for challenger in challengers]
    estimates = [figure.estimate(model) for model in range(len(models.names))]
    pairings = figure.pairings or []
    return SliceRow(
        kind=kind,
        value=value,
        cases=here.cases,
        accuracy=[estimate for estimate in estimates if estimate is not None],
        differences=differences,
        judgements=[judged(difference) for difference in differences],
        lost=[pairing.lost for pairing in pairings],
        gained=[pairing.gained for pairing in pairings],
    )
