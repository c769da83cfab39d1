"""Counts and F1 for metrics on single labels: true positives, predicted and gold per class."""

from collections.abc import Sequence

import numpy as np

from rl.evaluation.metrics import counted


def label_counts(
    predictions: Sequence[str], references: Sequence[str | None], labels: Sequence[str]
) -> counted.Counts:
    """Per case and class: true positive, predicted, gold; then the support. ``(N, 3 * len(labels) + 1)``."""
    names = np.asarray(labels)
    annotated = np.array([gold is not None for gold in references])
    predicted = (np.asarray(predictions)[:, None] == names) & annotated[:, None]
    gold = np.array([gold if gold is not None else "" for gold in references])[:, None] == names
    return np.concatenate([predicted & gold, predicted, gold, annotated[:, None]], axis=1).astype(float)


def f1_scores(totals: counted.Counts) -> tuple[counted.Counts, counted.Counts]:
    """F1 and gold support per class, ``(..., classes)`` each, from totals of `label_counts`."""
    both, predicted, gold = np.split(totals[..., :-1], 3, axis=-1)
    return counted.ratio(2 * both, predicted + gold), gold


def rests_on(gold: counted.Counts) -> float | None:
    """On how many cases a mean over classes rests: as many for each as the rarest has, from the cases of each class
    ``(classes,)``. None where gold has none."""
    occurs = gold[gold > 0]
    return float(len(occurs) * occurs.min()) if len(occurs) else None


def mean_f1(totals: counted.Counts) -> counted.Counts:
    """The mean of F1 over the classes that occur in gold."""
    f1, gold = f1_scores(totals)
    occurs = gold > 0
    return counted.ratio(np.where(occurs, f1, 0.0).sum(axis=-1), occurs.sum(axis=-1))
