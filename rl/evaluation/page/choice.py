"""Choice: which cases a page holds, where it cannot hold all of them, and in which order."""

import random
from collections import defaultdict
from collections.abc import Sequence

from rl.evaluation.evaluation import Evaluation
from rl.evaluation.outcomes import outcome_of
from rl.evaluation.predictions import Prediction

CHANGES = ("broken", "fixed", "wrong", "right", "")
"""From the first model to the last; in the order in which a page lists them."""

Row = list[Prediction]
"""One case: each model's first sample (of those that it has), baseline first."""


def choose(models: Sequence[Evaluation], limit: int, seed: int = 0) -> list[Row]:
    """At most so many cases: every combination of outcomes gets its share. Those that changed stand first."""
    per_model = [_first_samples(model) for model in models]
    rows = [[found[case] for found in per_model] for case in per_model[0] if all(case in f for f in per_model)]
    if len(rows) > limit:
        rows = _shares(rows, limit, random.Random(seed))
    return sorted(rows, key=lambda row: CHANGES.index(change(row)))


def _first_samples(model: Evaluation) -> dict[str, Prediction]:
    """Each case's sample of the lowest number, which need not be 0 where predictions were made elsewhere."""
    first: dict[str, Prediction] = {}
    for prediction in model.predictions:
        known = first.setdefault(prediction.case, prediction)
        if prediction.sample < known.sample:
            first[prediction.case] = prediction
    return first


def change(row: Row) -> str:
    """From the first model to the last: ``fixed``, ``broken``, ``wrong`` or ``right`` (still); empty without gold."""
    first, last = outcome_of(row[0]), outcome_of(row[-1])
    if first is None or last is None:
        return ""
    if (first == "right") == (last == "right"):
        return "right" if last == "right" else "wrong"
    return "fixed" if last == "right" else "broken"


def _shares(rows: list[Row], limit: int, rng: random.Random) -> list[Row]:
    rng.shuffle(rows)
    kinds: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        kinds[tuple(outcome_of(prediction) or "" for prediction in row)].append(row)
    chosen: list[Row] = []
    while len(chosen) < limit:
        for kind in sorted(kinds):
            if kinds[kind] and len(chosen) < limit:
                chosen.append(kinds[kind].pop())
    return chosen
