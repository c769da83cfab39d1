"""Notes: why a figure that depends on a threshold is not given."""

from collections.abc import Sequence

from rl.evaluation.predictions import Prediction
from rl.evaluation.ranking.thresholds import FEWEST, PRECISIONS, RECALLS, RISKS, Thresholds, distinct, named


def notes(predictions: Sequence[Prediction], thresholds: Thresholds | None) -> dict[str, str]:
    """Reasons by the name of the figure; empty where no thresholds were given, since nobody asked then."""
    if thresholds is None:
        return {}
    golds = [(prediction, prediction.gold.verdict) for prediction in predictions if prediction.gold]
    positives = distinct(prediction for prediction, gold in golds if gold == "reject")
    judged = distinct(prediction for prediction, gold in golds if gold is not None)
    found: dict[str, str] = {}
    for kind, targets, support, figures in (
        ("precision", PRECISIONS, positives, ("recall_at_precision", "achieved_precision")),
        ("recall", RECALLS, positives, ("false_flag_rate_at_recall", "achieved_recall")),
        ("risk", RISKS, judged, ("escalation_rate_at_risk", "achieved_risk")),
    ):
        for target in targets:
            note = thresholds.chosen[named(kind, target)].note
            if note is not None:
                note = f"{note} in {thresholds.source}"
            elif support < FEWEST:
                what = "cases with a verdict" if kind == "risk" else "cases to reject"
                note = f"too few: {support} {what}, {FEWEST} are needed"
            if note is not None:
                found |= {named(figure, target): note for figure in figures}
    return found
