"""Fixing: has the ads with a model's edits reviewed, where gold alone does not tell whether they would be approved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from data import Brief, Briefs, Ruling, fix
from data.change import mendable
from prompts import parse
from rl.config.decoding import Decoding
from rl.evaluation.advised import Advised
from rl.evaluation.predictions import Prediction
from rl.generation.engine import Engine
from rl.generation.episodes import engine_of, write_episodes

FIXED = "fixed.jsonl"
"""Where an evaluation keeps what was written about the edited ads."""


@dataclass(frozen=True)
class Fixing:
    """Who reviews the edited ads."""

    by: str | Path | Engine | None = None
    """A checkpoint's folder, a run's folder, a name on the Hub, or an engine; the model itself if None."""


def review_fixes(
    engine: Engine,
    briefs: Briefs,
    predictions: Sequence[Prediction],
    decoding: Decoding,
    fixing: Fixing,
    out: Path,
    progress: bool = True,
) -> list[Prediction]:
    """The predictions, the first one on each case with what became of its edits.

    Args:
        engine: what made the predictions.
        decoding: how it was asked.
        out: folder for ``fixed.jsonl``.

    Raises:
        DataError: there is no such reviewer, a case cannot be put to it, or ``out`` holds what was written with other
            settings.
    """
    first = {found.case: found for found in predictions if found.sample == 0}
    advised = {brief.id: Advised.of(first[brief.id].ruling, brief) for brief in briefs}
    open_ = [brief for brief in briefs if _is_open(advised[brief.id], brief)]
    edited = Briefs((_edited(brief, first[brief.id].ruling) for brief in open_), briefs.book)
    by = engine if fixing.by is None else engine_of(fixing.by)
    greedy = replace(decoding, temperature=0.0, samples=1, template=decoding.template if by is engine else None)
    for episode in write_episodes(by, edited, greedy, progress, out / FIXED, "reviewing again") if edited else ():
        parsed, known = parse(episode.completion), advised[episode.case]
        assert known is not None, "what gold says nothing of is not reviewed again"
        approved = isinstance(parsed, Ruling) and parsed.verdict == "approve"
        advised[episode.case] = known.model_copy(update={"fixed": approved})
    return [
        found.model_copy(update={"advised": advised[found.case]})
        if found.sample == 0 and found.case in advised  # variants of cases are not advised on
        else found
        for found in predictions
    ]


def _is_open(known: Advised | None, brief: Brief) -> bool:
    """Whether the ad can be mended by words, and whether it was is yet to be told."""
    return known is not None and known.fixed is None and bool(brief.gold and mendable(brief.case, brief.gold))


def _edited(brief: Brief, ruling: Ruling | None) -> Brief:
    assert ruling is not None, "without edits nothing is open"
    return Brief(fix(brief.case, ruling.edits).case, brief.excerpt)
