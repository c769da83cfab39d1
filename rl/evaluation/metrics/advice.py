"""Advice: figures on what became of the edits of rulings (`rl.evaluation.advised`)."""

from collections.abc import Sequence
from typing import Any

from rl.evaluation.metrics import counted


class Advice(counted.Counted):
    """A figure on what is known of a case's advice; it does not apply where nothing is known of any."""

    def applies(self, predictions: Sequence[Any]) -> bool:
        return any(prediction.advised is not None for prediction in predictions)


def said(predictions: Sequence[Any], name: str) -> list[Any]:
    """One fact of the advice of each; None where it is not known."""
    return [None if prediction.advised is None else getattr(prediction.advised, name) for prediction in predictions]
