"""Evaluate: a reward model and pairs in, figures out, with every score kept on disk.

The model is asked as a rubric asks it (`rewards.model_based.reward_model`), so what is measured is what training gets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path
from typing import Any

from data import Brief, Briefs, DataError, Ruling
from data.files import write_json
from prompts import write
from rewards.batch import Item
from rewards.model_based.reward_model import RewardModel
from rewards.models.location import resolve
from rewards.score import Score
from rl.evaluation.files import METRICS_FILE, PREDICTIONS
from rl.evaluation.origin import KEY, Origin
from rl.evaluation.pairwise.figures import PairFigures
from rl.evaluation.pairwise.judged import Judged, save_judged
from rl.runs.preferences import Preference
from rl.runs.provenance import provenance, trained_template, write_run
from rl.terminal.progress import counting

JUDGED = "pairs.parquet"
"""Where an evaluation keeps the pairs with their scores."""
_AT_ONCE = 16
"""Batches between two looks at how far it is."""


@dataclass(frozen=True)
class PairEvaluation:
    """A reward model on a set of pairs."""

    name: str
    judged: Sequence[Judged]
    figures: PairFigures
    provenance: Mapping[str, Any]


def evaluate_pairs(
    model: str | Path,
    pairs: Sequence[Preference],
    briefs: Briefs,
    out: str | Path,
    *,
    name: str | None = None,
    template: str | None = None,
    batch_size: int = 32,
    progress: bool = True,
    read: Mapping[str, object] | None = None,
) -> PairEvaluation:
    """Has a reward model score the rulings of all pairs and measures it.

    Args:
        model: a checkpoint's folder, a run's folder, or a name on the Hub.
        briefs: of the cases that the pairs are about; there may be more.
        out: folder for ``pairs.parquet``, ``metrics.json`` and ``run.json``.
        name: what the model is called; the last part of its path if None.
        template: the prompt template; that of the model's training if None.
        read: where pairs, cases and rulebook were read from, noted in ``run.json``.

    Raises:
        DataError: there is no such model, it is no reward model, there is no case of a pair's id, or ``out`` holds
            the evaluation of another model.
    """
    out = Path(out)
    if (out / PREDICTIONS).exists():
        raise DataError("holds the evaluation of a model that writes rulings: choose another --out", file=out)
    about = [one.brief(briefs) for one in pairs]
    template = template or trained_template(model) or "default"
    name = name or Path(model).name
    facts = provenance(
        model=resolve(model), book=briefs.book, template=template, pairs=len(pairs), read=dict(read or {})
    )
    scored_by = {"reward model": facts["checkpoint"]["hash"] or str(model)}
    origin = Origin(name=name, model=scored_by, template=template, rulebook=briefs.book.fingerprint)
    origin.claim(out)
    reward = RewardModel(model=str(model), template=template, batch_size=batch_size)
    items: dict[tuple[str, str], Item] = {}  # a ruling that stands in several pairs is scored once
    keys = [[_add(items, brief, ruling) for ruling in (one.chosen, one.rejected)]
            for one, brief in zip(pairs, about, strict=True)]  # fmt: skip
    scores = dict(zip(items, _scores(reward, list(items.values()), progress), strict=True))
    judged = [
        _judged(one, brief, scores[better], scores[worse])
        for one, brief, (better, worse) in zip(pairs, about, keys, strict=True)
    ]
    facts[KEY] = origin.model_dump()
    found = PairEvaluation(name, judged, PairFigures.of(judged), facts)
    save_judged(judged, out / JUDGED)
    write_run(out, facts)
    write_json(out / METRICS_FILE, {"name": found.name, **_plain(asdict(found.figures))})
    return found


def _add(items: dict[tuple[str, str], Item], brief: Brief, ruling: Ruling) -> tuple[str, str]:
    key = (brief.id, write(ruling))
    items.setdefault(key, Item(ruling, brief))
    return key


def _scores(reward: RewardModel, items: Sequence[Item], progress: bool) -> list[float | None]:
    scores: list[float | None] = []
    size = reward.batch_size * _AT_ONCE
    with counting("scoring", len(items), shown=progress) as reached:
        for start in range(0, len(items), size):
            outcomes = reward.score_batch(items[start : start + size])
            scores += [one.parts.get("score") if isinstance(one, Score) else None for one in outcomes]
            reached(len(scores))
    return scores


def _judged(pair: Preference, brief: Brief, better: float | None, worse: float | None) -> Judged:
    gravest = brief.gold.gravest(brief.excerpt) if brief.gold is not None else None
    category = gravest.category if gravest is not None else None
    return Judged(brief.id, brief.case.cluster, category, pair.longer_by, pair.margin, better, worse)


def _plain(value: Any) -> Any:
    """What JSON can hold: null where there is no number."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and isnan(value) else value
