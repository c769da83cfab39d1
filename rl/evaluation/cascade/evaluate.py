"""Evaluate: a cascade as it is used. The cheap pass looks at every case, and what it does not approve is reviewed."""

from collections.abc import Mapping
from pathlib import Path

from data import Brief, Briefs, DataError
from rl.config.decoding import Decoding
from rl.desk import Desks
from rl.evaluation.cascade.apply import applied, claim, decide, together
from rl.evaluation.cascade.cascade import Cascade
from rl.evaluation.evaluate import evaluate_file, evaluate_model, predictions_of
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.files import METRICS_FILE, load_evaluation, save_evaluation
from rl.evaluation.origin import Origin
from rl.evaluation.predictions import Prediction, import_predictions
from rl.evaluation.settings import DEFAULT, Settings
from rl.generation.engine import Engine
from rl.generation.episodes import at_desk, engine_of, write_episodes

CHEAP, REVIEWED = "cheap", "reviewed"
"""Folders of a cascade's evaluation: those of its two passes."""
_OF_THE_CASE = ("cluster", "twin", "gold", "severity", "category", "advised", "meta")
"""What a prediction says of its case, whoever made it; `decide` has an approval advise nothing."""


def evaluate_cascade(
    cascade: Cascade,
    cheap: Evaluation,
    engine: str | Path | Engine,
    briefs: Briefs,
    out: str | Path,
    *,
    name: str | None = None,
    split: str = "test",
    decoding: Decoding | None = None,
    settings: Settings = DEFAULT,
    desks: Desks | None = None,
    progress: bool = True,
    retry_refused: bool = False,
    read: Mapping[str, object] | None = None,
) -> Evaluation:
    """Has a model review, with reasoning, the cases that the cheap pass does not approve, and measures both together.

    The reviews are an evaluation of their own, in ``out/reviewed``, from which an interrupted run goes on.

    Args:
        cheap: of the cheap pass on these cases, and on others perhaps.
        name: what the model is called in tables.
        Others as in `evaluate_model`.

    Raises:
        DataError: the cascade was chosen for others or on some of these cases, several samples are asked for, the
            cheap pass has several, has not seen them all or saw other rules, or what `evaluate_model` says.
    """
    engine = at_desk(engine, desks)
    decoding = (decoding or Decoding()).with_template(engine.template or "default")
    if decoding.samples > 1:
        raise DataError("a cascade decides once on a case: take one sample")
    claim(out)
    cascade.check(cheap.origin, Origin.of(engine, decoding, briefs, name or engine.name), [b.id for b in briefs])
    first = _by_case(cheap, briefs)
    doubtful = Briefs((brief for brief in briefs if not cascade.approves(first[brief.id].risk)), briefs.book)
    full: Evaluation | None = None
    if doubtful:
        full = evaluate_model(
            engine, doubtful, Path(out) / REVIEWED, name=name, split=split, decoding=decoding, settings=settings,
            progress=progress, retry_refused=retry_refused, read=read,
        )  # fmt: skip
    second = {prediction.case: prediction for prediction in full.predictions} if full is not None else {}
    decided = [decide(cascade, first[brief.id], second.get(brief.id)) for brief in briefs]
    facts = (full.provenance if full is not None else {}) | {"cases": len(briefs), "read": dict(read or {})}
    told = applied(cascade, cheap.name, name or engine.name, decided, split)
    found = together(told, decided, split, facts, settings)
    save_evaluation(found, out)
    return found


def cheap_pass(
    source: str | None,
    cascade: Cascade,
    engine: str | Path | Engine,
    briefs: Briefs,
    out: str | Path,
    *,
    split: str = "test",
    decoding: Decoding | None = None,
    progress: bool = True,
) -> Evaluation:
    """The cheap pass over these cases.

    Args:
        source: an evaluation's folder, JSONL of predictions, or a model; None is the one that reasons, which answers
            without. A model is asked as it was when the cascade was chosen.
        engine: what reasons.
        out: folder of the cascade's evaluation, in which that of a file or a model goes into ``cheap``.

    Raises:
        DataError: there is no such thing, the engine is none of this process and cannot be asked so, or, of a model,
            the cascade was chosen for another or on some of these cases.
    """
    if source is not None and (Path(source) / METRICS_FILE).is_file():
        return load_evaluation(source)
    folder = Path(out) / CHEAP
    if source is not None and Path(source).suffix == ".jsonl":
        return evaluate_file(source, briefs, folder, split=split)
    model = _asked(source, cascade, engine)
    asked = (decoding or Decoding()).with_template(model.template or "default")
    cascade.check(Origin.of(model, asked, briefs, model.name), None, [brief.id for brief in briefs])
    return evaluate_model(model, briefs, folder, split=split, decoding=asked, progress=progress)


def screened(
    source: str | None,
    cascade: Cascade,
    engine: str | Path | Engine,
    briefs: Briefs,
    decoding: Decoding | None = None,
) -> list[Prediction]:
    """What the cheap pass says of cases that are reviewed now, as `cheap_pass` takes it; nothing is kept.

    Args:
        source: an evaluation's folder or JSONL of predictions that have these cases, or a model; None is the one that
            reasons.

    Raises:
        DataError: as `cheap_pass` and `evaluate_cascade` do.
    """
    engine, decoding = engine_of(engine), decoding or Decoding()
    if source is not None and (Path(source) / METRICS_FILE).is_file():
        cheap = load_evaluation(source)
        origin, first = cheap.origin, _by_case(cheap, briefs)
    elif source is not None and Path(source).suffix == ".jsonl":
        origin = Origin.of_file(source, briefs, Path(source).stem)
        told = import_predictions(source, briefs, others=True)
        first = _by_case(Evaluation(origin.name, "cheap", told), briefs)
    else:
        model = _asked(source, cascade, engine)
        asked = decoding.with_template(model.template or "default")
        origin = Origin.of(model, asked, briefs, model.name)
        written = write_episodes(model, briefs, asked, progress=False)
        first = {found.case: found for found in predictions_of(written.by_brief, briefs)}
    asked = decoding.with_template(engine.template or "default")
    cascade.check(origin, Origin.of(engine, asked, briefs, engine.name), [brief.id for brief in briefs])
    return [first[brief.id] for brief in briefs]


def _asked(source: str | None, cascade: Cascade, engine: str | Path | Engine) -> Engine:
    """The model of the cheap pass, asked as when the cascade was chosen."""
    from rl.generation.unreasoned import REASONING

    unreasoned = cascade.cheap is not None and cascade.cheap.model.get("reasoning") == REASONING
    model = engine_of(engine if source is None else source)
    return without_reasoning(model) if source is None or unreasoned else model


def without_reasoning(engine: str | Path | Engine) -> Engine:
    """The engine, answering at once.

    Raises:
        DataError: its model is none of this process.
    """
    from rl.generation.local import LocalEngine
    from rl.generation.unreasoned import Unreasoned

    engine = engine_of(engine)
    if not isinstance(engine, LocalEngine):
        raise DataError(
            f"'{engine.name}' cannot be made to answer without reasoning, only a model in this process can: name "
            "another cheap pass with --cheap"
        )
    return Unreasoned(engine)


def _by_case(cheap: Evaluation, briefs: Briefs) -> dict[str, Prediction]:
    found = {prediction.case: prediction for prediction in cheap.predictions}
    if len(found) < len(cheap.predictions):
        raise DataError(f"'{cheap.name}' has several samples of a case, where a cascade decides once")
    if missing := [brief.id for brief in briefs if brief.id not in found]:
        raise DataError(f"the cheap pass '{cheap.name}' has not seen {len(missing)} of these cases: {_named(missing)}")
    if other := [brief.id for brief in briefs if found[brief.id].rules[: len(brief.excerpt.ids)] != brief.excerpt.ids]:
        raise DataError(
            f"the cheap pass '{cheap.name}' judged {len(other)} of these cases by other rules: {_named(other)}. They "
            "are other cases of the same id, or the rules have changed since: have it look at them again"
        )
    if other := [brief.id for brief in briefs if found[brief.id].wording not in (None, brief.case.wording)]:
        raise DataError(
            f"the cheap pass '{cheap.name}' read other texts of {len(other)} of these cases: {_named(other)}. They "
            "were changed since: have it look at them again"
        )
    return {brief.id: _by_gold_of_today(found[brief.id], brief) for brief in briefs}


def _by_gold_of_today(prediction: Prediction, brief: Brief) -> Prediction:
    """The same risk and ruling, measured as the reviews are: gold may have been mended since."""
    today = Prediction.of(None, brief)
    return prediction.model_copy(update={name: getattr(today, name) for name in _OF_THE_CASE})


def _named(cases: list[str]) -> str:
    return ", ".join(cases[:5]) + (", …" if len(cases) > 5 else "")
