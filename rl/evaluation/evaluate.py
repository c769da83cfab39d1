"""Evaluate: a model (or a file of predictions) and cases in, an evaluation out, with everything kept on disk."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from data import Case, DataError, Rulebook
from rl.config.decoding import Decoding
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.predictions import Prediction, import_predictions
from rl.evaluation.settings import DEFAULT, Settings
from rl.evaluation.variants import variants
from rl.generation.complete import Model, complete
from rl.generation.completions import Completion
from rl.generation.endpoint import Endpoint
from rl.runs.provenance import provenance

LOG = "completions.jsonl"
"""Where an evaluation keeps what the model wrote, as soon as it is written."""


def evaluate_model(
    model: Model,
    cases: Sequence[Case],
    book: Rulebook,
    out: str | Path,
    *,
    name: str | None = None,
    split: str = "test",
    decoding: Decoding | None = None,
    settings: Settings = DEFAULT,
    robustness: Sequence[str] = (),
    progress: bool = True,
    read: Mapping[str, object] | None = None,
) -> Evaluation:
    """Has a model review the cases and measures it.

    An evaluation that was interrupted goes on where it was, and ends as if it had not been; one that is complete is
    only measured again.

    Args:
        model: a checkpoint's folder, a run's folder, a name on the Hub, or a model behind a server.
        out: folder for ``completions.jsonl``, ``predictions.parquet``, ``metrics.json``, ``metrics.parquet`` and
            ``run.json``.
        name: what the model is called in tables; the last part of its path if None.
        split: what the set of cases is called.
        decoding: greedy if None, with the template that the model was trained with.
        settings: how figures are worked out.
        robustness: which variants of the cases to review as well: ``rule-order``, ``rule-ids``.
        read: where ``data`` and ``rulebook`` were read from, noted in ``run.json`` for whoever compares evaluations.

    Raises:
        DataError: there is no such model, there are no cases, a case cannot be put to the model, or ``out`` holds
            completions made with other settings.
    """
    if not cases:
        raise DataError("there are no cases to evaluate")
    reviewed = [*cases, *variants(cases, book, robustness)]
    completions, facts = complete(model, reviewed, book, decoding or Decoding(), progress, Path(out) / LOG)
    predictions = read_completions(completions, reviewed, book)
    named = model.model if isinstance(model, Endpoint) else str(model)
    facts = {**facts, "cases": len(reviewed), "read": dict(read or {})}
    return _kept(name or Path(named).name, split, predictions, facts, settings, out)


def evaluate_file(
    path: str | Path,
    cases: Sequence[Case],
    book: Rulebook,
    out: str | Path,
    *,
    name: str | None = None,
    split: str = "test",
    settings: Settings = DEFAULT,
    read: Mapping[str, object] | None = None,
) -> Evaluation:
    """Measures predictions made elsewhere: JSONL with ``id``, ``verdict``, ``violations`` and ``risk``.

    Raises:
        DataError: the file is not as it should be, or does not go with the cases.
    """
    predictions = import_predictions(path, cases, book)
    facts = provenance(book=book, predictions=str(path), cases=len(cases), read=dict(read or {}))
    return _kept(name or Path(path).stem, split, predictions, facts, settings, out)


def read_completions(
    completions: Sequence[Sequence[Completion]], cases: Sequence[Case], book: Rulebook
) -> list[Prediction]:
    """Predictions from completions, ``[case][sample]``."""
    return [
        Prediction.read(written.text, case, excerpt, sample, written.tokens, written.verdict_logprob)
        for case, found in zip(cases, completions, strict=True)
        for excerpt in (book.excerpt(case.rules),)
        for sample, written in enumerate(found)
    ]


def _kept(
    name: str,
    split: str,
    predictions: Sequence[Prediction],
    facts: dict[str, object],
    settings: Settings,
    out: str | Path,
) -> Evaluation:
    """The saved evaluation; variants of other cases stand apart from those that figures are about."""
    own = [prediction for prediction in predictions if prediction.variant_of is None]
    evaluation = Evaluation(
        name, split, own, facts, settings, [prediction for prediction in predictions if prediction.variant_of]
    )
    evaluation.save(out)
    return evaluation
