"""Evaluate: an engine (or a file of predictions) and briefs in, an evaluation out, with everything kept on disk."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from data import Brief, Briefs, DataError
from data.windows import WindowSettings, windows_of
from prompts import Episode
from rl.config.decoding import Decoding
from rl.desk import Desks
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.faithfulness.faithfulness import Probing, in_process, probe
from rl.evaluation.files import save_evaluation
from rl.evaluation.fixing import Fixing, review_fixes
from rl.evaluation.live.events import events_by_window
from rl.evaluation.origin import KEY, Origin
from rl.evaluation.predictions import Prediction, import_predictions
from rl.evaluation.settings import DEFAULT, Settings
from rl.evaluation.variants import variants_of
from rl.generation.engine import Engine
from rl.generation.episodes import at_desk, engine_of, write_episodes
from rl.generation.watching import Watching
from rl.runs.provenance import provenance

LOG = "completions.jsonl"
"""Where an evaluation keeps what the model wrote, as soon as it is written."""


def evaluate_model(
    engine: str | Path | Engine,
    briefs: Briefs,
    out: str | Path,
    *,
    name: str | None = None,
    split: str = "test",
    decoding: Decoding | None = None,
    settings: Settings = DEFAULT,
    desks: Desks | None = None,
    robustness: Sequence[str] = (),
    faithfulness: Probing | None = None,
    fixing: Fixing | None = None,
    windows: WindowSettings | None = None,
    progress: bool = True,
    retry_refused: bool = False,
    read: Mapping[str, object] | None = None,
) -> Evaluation:
    """Has a model review the cases and measures it.

    An evaluation that was interrupted goes on where it was, and ends as if it had not been; one that is complete is
    only measured again.

    Args:
        engine: a checkpoint's folder, a run's folder, a name on the Hub, or any engine, such as an `Endpoint`.
        out: folder for ``completions.jsonl``, ``predictions.parquet``, ``metrics.json``, ``metrics.parquet`` and
            ``run.json``; where faithfulness is measured also ``probed.jsonl`` and ``resampled.jsonl``, where edited
            ads are reviewed also ``fixed.jsonl``.
        name: what the model is called in tables; the last part of its path if None.
        split: what the set of cases is called.
        decoding: greedy if None, with the template that the model was trained with.
        settings: how figures are worked out.
        desks: what the model may look things up with; nothing if None.
        robustness: which variants of the cases to review as well: ``rule-order``, ``rule-ids``.
        faithfulness: how to measure whether the reasoning pays and is used; not measured if None.
        fixing: who reviews the ads with the model's edits, where gold does not tell what becomes of them; nobody if
            None.
        windows: cuts the cases, which are streams, into windows; each is told of what the model itself found in those
            before it. They are reviewed whole if None.
        retry_refused: whether what a server refused before is asked for again.
        read: where ``data`` and ``rulebook`` were read from, noted in ``run.json`` for whoever compares evaluations.

    Raises:
        DataError: there is no such model, there are no cases, a case cannot be put to the model, ``out`` holds
            completions made with other settings or another model's evaluation, the thresholds were chosen for another
            model or on these very cases, faithfulness is asked for and the model is none of this process, or windows
            are and gold does not say when rules are broken.
    """
    if not briefs:
        raise DataError("there are no cases to evaluate")
    if windows is not None and (robustness or faithfulness or fixing or desks is not None):
        raise DataError("robustness, faithfulness, fixes and tools go with whole cases: leave out them or the windows")
    if desks is not None and (robustness or faithfulness):
        what = "faithfulness" if faithfulness else "robustness"
        raise DataError(f"{what} is measured on models that rule in one turn: leave it out, or the tools")
    engine, streams, decoding = at_desk(engine, desks), briefs, decoding or Decoding()
    briefs = windows_of(streams, windows, remembering=False) if windows is not None else streams
    reviewed = briefs + variants_of(briefs, robustness)
    decoding = decoding.with_template(engine.template or "default")
    # All that can be refused is refused before anything is written.
    if faithfulness is not None:
        in_process(engine)
    origin = Origin.of(engine, decoding, briefs, name or engine.name)
    _claim(out, origin, settings, briefs)
    rounds = Watching(briefs, windows, decoding.samples) if windows is not None else None
    log = Path(out) / LOG
    written = write_episodes(engine, reviewed, decoding, progress, log, retry_refused=retry_refused, rounds=rounds)
    predictions = predictions_of(written.by_brief, reviewed)
    if windows is not None:
        predictions = _with_events(predictions, streams, briefs)
    facts = {**written.provenance, KEY: origin.model_dump(), "cases": len(reviewed), "read": dict(read or {})}
    if faithfulness is not None:
        predictions = probe(engine, briefs, predictions, decoding, faithfulness, Path(out), progress)
        facts["faithfulness"] = asdict(faithfulness)
    if fixing is not None:
        predictions = review_fixes(engine, briefs, predictions, decoding, fixing, Path(out), progress)
        facts["fixed_by"] = engine.name if fixing.by is None else engine_of(fixing.by).name
    return _kept(origin.name, split, predictions, facts, settings, out)


def evaluate_file(
    path: str | Path,
    briefs: Briefs,
    out: str | Path,
    *,
    name: str | None = None,
    split: str = "test",
    settings: Settings = DEFAULT,
    windows: WindowSettings | None = None,
    read: Mapping[str, object] | None = None,
) -> Evaluation:
    """Measures predictions made elsewhere: JSONL with ``id``, ``verdict``, ``violations`` and ``risk``.

    Args:
        windows: cuts the cases, which are streams, into the windows that predictions are about, ``ID@SECOND``.

    Raises:
        DataError: the file is not as it should be or does not go with the cases, ``out`` holds the evaluation of a
            model or of another file, or the thresholds were chosen for another model or on these very cases.
    """
    streams, briefs = briefs, windows_of(briefs, windows, remembering=False) if windows is not None else briefs
    origin = Origin.of_file(path, briefs, name or Path(path).stem)
    _claim(out, origin, settings, briefs)
    if (Path(out) / LOG).exists():
        raise DataError(f"holds what a model wrote ('{LOG}'): choose another --out for predictions", file=out)
    predictions = import_predictions(path, briefs)
    if windows is not None:
        predictions = _with_events(predictions, streams, briefs)
    facts = provenance(
        book=briefs.book, briefs=briefs, predictions=str(path), cases=len(briefs), read=dict(read or {})
    )
    return _kept(origin.name, split, predictions, facts | {KEY: origin.model_dump()}, settings, out)


def predictions_of(episodes: Sequence[Sequence[Episode]], briefs: Briefs) -> list[Prediction]:
    """Predictions from what was written, ``[brief][sample]``; each is held against the rules that it was shown, those
    that it looked up among them.
    """
    return [
        Prediction.read(episode, brief.with_rules(episode.looked_up, briefs.book))
        for brief, samples in zip(briefs, episodes, strict=True)
        for episode in samples
    ]


def _with_events(predictions: Sequence[Prediction], streams: Briefs, windows: Briefs) -> list[Prediction]:
    """Predictions on windows that know all events of their streams, also those of which no window shows anything."""
    events, found = events_by_window(streams, windows), []
    for prediction in predictions:
        assert prediction.seen is not None
        seen = prediction.seen.model_copy(update={"events": events.get(prediction.case)})
        found.append(prediction.model_copy(update={"seen": seen}))
    return found


def _claim(out: str | Path, origin: Origin, settings: Settings, cases: Iterable[Brief]) -> None:
    """Makes sure that the folder is this model's, and that the thresholds are for it and chosen on other cases."""
    origin.claim(out)
    if settings.thresholds is not None:
        settings.thresholds.check(origin, {brief.id for brief in cases})


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
    save_evaluation(evaluation, out)
    return evaluation
