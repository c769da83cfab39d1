"""Compare: evaluations of several models on the same cases in, everything that can be said of them out."""

from collections.abc import Sequence

import numpy as np

from data import DataError, Rulebook, suggest
from rl.evaluation.comparison.agreement import agreement
from rl.evaluation.comparison.comparison import Comparison
from rl.evaluation.comparison.criteria import hold
from rl.evaluation.comparison.flips import flips
from rl.evaluation.comparison.gate import Gate
from rl.evaluation.comparison.metrics import all_figures, metric_rows
from rl.evaluation.comparison.models import Models
from rl.evaluation.comparison.primary import needed, pairs
from rl.evaluation.comparison.rules import rule_rows
from rl.evaluation.comparison.sentence import sentence
from rl.evaluation.comparison.slices import slice_rows
from rl.evaluation.comparison.suspects import suspects
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.metrics import HEADLINE, NEUTRAL
from rl.evaluation.origin import Origin


def compare(
    baseline: Evaluation,
    *others: Evaluation,
    primary: str = "verdict_accuracy",
    gate: Gate | None = None,
    book: Rulebook | None = None,
    resamples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Compares models with a baseline, pair by pair on the same cases.

    Args:
        primary: the one metric to judge by, chosen before looking; all others describe.
        gate: what must not get worse, and by how much.
        book: the rulebook, for the titles of rules; predictions know severities and categories themselves.
        resamples: of the bootstrap.

    Raises:
        DataError: there is nothing to compare, the models were not made on the same cases with the same gold (lists
            the cases), the primary metric is unknown or says nothing about them, or the gate cannot be held against
            them.
    """
    if not others:
        raise DataError(f"there is nothing to compare '{baseline.name}' with")
    choices = [name for name in HEADLINE if name not in NEUTRAL]
    if primary not in choices:
        near = suggest(primary, choices)
        raise DataError(f"no metric '{primary}' to judge by{near}: choose from {', '.join(choices)}")
    models = Models.of([baseline, *others], resamples, seed)
    figures = all_figures(models)
    metrics = metric_rows(models, figures, primary)
    if not metrics or metrics[0].name != primary or None in metrics[0].values:
        raise DataError(f"'{primary}' says nothing about these cases: choose another primary metric")
    paired = pairs(models, figures.get(primary))
    found = hold(gate, models) if gate is not None else None
    said, details = sentence(models, metrics[0], paired, found)
    details += _rulebooks([baseline, *others])
    return Comparison(
        sentence=said,
        details=details,
        primary=primary,
        baseline=baseline.name,
        models=models.names,
        split=baseline.split,
        cases=models.cases,
        predictions=len(models.gold),
        clusters=int(np.unique(models.clusters).size),
        clustered=models.clustered,
        metrics=metrics,
        pairs=paired,
        needed=needed(models, figures.get(primary)),
        rules=rule_rows(models, book),
        slices=slice_rows(models),
        agreement=agreement(models),
        flips=flips(models),
        suspects=suspects(models),
        gate=found,
    )


def _rulebooks(evaluations: Sequence[Evaluation]) -> str:
    """A warning where some were judged by another text of the rules, as far as they say by which; empty if not."""
    origins = [Origin.read(evaluation.provenance) for evaluation in evaluations]
    books = {evaluation.name: o.rulebook for evaluation, o in zip(evaluations, origins, strict=True) if o is not None}
    if len(set(books.values())) < 2:
        return ""
    said = ", ".join(f"{name} by {fingerprint}" for name, fingerprint in books.items())
    return f" They were not shown the same rulebook: {said}."
