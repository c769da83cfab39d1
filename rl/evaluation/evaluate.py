"""Evaluate: a model (or a file of predictions) and cases in, an evaluation out, with everything kept on disk."""

from collections.abc import Sequence
from pathlib import Path

from data import Case, DataError, Rulebook
from rl.complete import Decoding, complete
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.predictions import Prediction, import_predictions
from rl.provenance import provenance


def evaluate_model(
    model_path: str | Path,
    cases: Sequence[Case],
    book: Rulebook,
    out: str | Path,
    *,
    name: str | None = None,
    split: str = "test",
    decoding: Decoding | None = None,
    progress: bool = True,
) -> Evaluation:
    """Has a model review the cases and measures it.

    Args:
        model_path: a checkpoint's folder, a run's folder, or a name on the Hub.
        out: folder for ``predictions.parquet``, ``metrics.json`` and ``run.json``.
        name: what the model is called in tables; the last part of its path if None.
        split: what the set of cases is called.
        decoding: greedy if None, with the template that the model was trained with.

    Raises:
        DataError: there is no such model, there are no cases, or a case cannot be put to the model.
    """
    if not cases:
        raise DataError("there are no cases to evaluate")
    completions, facts = complete(model_path, cases, book, decoding or Decoding(), progress)
    predictions = read_completions(completions, cases, book)
    evaluation = Evaluation(name or Path(model_path).name, split, predictions, facts | {"cases": len(cases)})
    evaluation.save(out)
    return evaluation


def evaluate_file(
    path: str | Path,
    cases: Sequence[Case],
    book: Rulebook,
    out: str | Path,
    *,
    name: str | None = None,
    split: str = "test",
) -> Evaluation:
    """Measures predictions made elsewhere: JSONL with ``id``, ``verdict``, ``violations`` and ``risk``.

    Raises:
        DataError: the file is not as it should be, or does not go with the cases.
    """
    predictions = import_predictions(path, cases, book)
    facts = provenance(book=book, predictions=str(path), cases=len(cases))
    evaluation = Evaluation(name or Path(path).stem, split, predictions, facts)
    evaluation.save(out)
    return evaluation


def read_completions(completions: Sequence[Sequence[str]], cases: Sequence[Case], book: Rulebook) -> list[Prediction]:
    """Predictions from completions, ``[case][sample]``."""
    return [
        Prediction.read(completion, case, book.excerpt(case.rules), sample)
        for case, found in zip(cases, completions, strict=True)
        for sample, completion in enumerate(found)
    ]
