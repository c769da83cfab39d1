"""Outcomes: how predictions are counted.

Gold (3 verdicts) by predicted (3 verdicts, *unparsed* and *refused*) makes 15 cells that sum to N: nothing is dropped.
A verdict is right if it is gold's or one that gold accepts. A *miss* approves, or leaves without a ruling, what gold
rejects; a *false flag* rejects, or leaves without a ruling, what gold approves. Escalations stay in every denominator,
and so does what a server refused to have answered: whoever relies on it gets no ruling there.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from data import VERDICTS
from rl.evaluation.predictions import NO_RULING, Predicted, Prediction

PREDICTED: tuple[Predicted, ...] = (*VERDICTS, *NO_RULING)

Outcome = Literal["right", "miss", "false flag", "needless escalation", "missed escalation"]
OUTCOMES: tuple[Outcome, ...] = ("right", "miss", "false flag", "needless escalation", "missed escalation")


def outcome(predicted: str, gold: str | None, accept: Collection[str] = ()) -> Outcome | None:
    """What became of a case; None where the verdict is not annotated."""
    if gold is None:
        return None
    if predicted == gold or predicted in accept:
        return "right"
    if gold == "escalate":
        return "missed escalation"
    if predicted == "escalate":
        return "needless escalation"
    return "miss" if gold == "reject" else "false flag"


def outcome_of(prediction: Prediction) -> Outcome | None:
    """What became of a case; None where the verdict is not annotated."""
    gold = prediction.gold
    return outcome(prediction.verdict, gold.verdict, gold.accept) if gold else None


def verdict_columns(predictions: Sequence[Prediction]) -> dict[str, list[Any]]:
    """What outcomes follow from, column by column: predicted verdicts (or ``unparsed``, ``refused``), gold verdicts
    (or None) and the verdicts that count as right too."""
    golds = [prediction.gold for prediction in predictions]
    return {
        "predictions": [prediction.verdict for prediction in predictions],
        "references": [gold.verdict if gold else None for gold in golds],
        "accept": [gold.accept if gold else [] for gold in golds],
    }


def cells(predictions: Iterable[Prediction]) -> NDArray[np.int64]:
    """How often each outcome came up, ``(3, 5)``: gold in the order of `VERDICTS`, predicted in that of `PREDICTED`.

    The cells sum to the number of predictions whose gold has a verdict.
    """
    table = np.zeros((len(VERDICTS), len(PREDICTED)), dtype=np.int64)
    for prediction in predictions:
        if prediction.gold is not None and prediction.gold.verdict is not None:
            table[VERDICTS.index(prediction.gold.verdict), PREDICTED.index(prediction.verdict)] += 1
    return table
