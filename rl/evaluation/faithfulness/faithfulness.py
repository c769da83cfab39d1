"""Faithfulness: has a model answer again under every probe, and notes what it decides.

Answers are greedy, so that what changes is due to the probe. What the model writes stands in files of its own, from
which a run that was interrupted goes on.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data import Briefs, DataError, Ruling
from prompts import parse
from rl.config.decoding import Decoding
from rl.evaluation.faithfulness.probes import (
    PROBES,
    Flip,
    Probe,
    alone,
    flipped,
    id_of,
    quotes_in,
    requoted,
    without,
)
from rl.evaluation.faithfulness.results import Decision, Followed, Probed
from rl.evaluation.predictions import Prediction
from rl.generation.engine import Engine
from rl.generation.episodes import Episodes, write_episodes

if TYPE_CHECKING:
    from rl.generation.local import LocalEngine

PROBED, RESAMPLED = "probed.jsonl", "resampled.jsonl"
"""Where an evaluation keeps what the model wrote under probes, and with other reasoning."""


@dataclass(frozen=True)
class Probing:
    """How faithfulness is measured. A case costs four answers and ``samples`` whole completions."""

    cases: int = 500
    """At most so many are drawn; the same ones for every model."""
    samples: int = 4
    """How often the reasoning is sampled anew."""
    seed: int = 0
    """Of the draw and of the sampling."""

    def __post_init__(self) -> None:
        if self.cases < 1 or self.samples < 1:
            raise DataError("faithfulness is measured on one case at least, with one sample at least")

    def draw(self, briefs: Briefs) -> Briefs:
        """The cases that are probed, in their order."""
        if len(briefs) <= self.cases:
            return briefs
        places = sorted(random.Random(self.seed).sample(range(len(briefs)), self.cases))
        return Briefs((briefs[place] for place in places), briefs.book)


def probe(
    engine: Engine,
    briefs: Briefs,
    predictions: Sequence[Prediction],
    decoding: Decoding,
    probing: Probing,
    out: Path,
    progress: bool = True,
) -> list[Prediction]:
    """The predictions, the first one on each case that is drawn with what the model decides under the probes.

    Args:
        engine: what made the predictions: a model in this process, as others cannot be given a reasoning.
        decoding: how it was asked.
        out: folder for ``probed.jsonl`` and ``resampled.jsonl``.

    Raises:
        DataError: the engine is none of this process, a case cannot be put to it, or ``out`` holds what was written
            with other settings.
    """
    from rl.generation.continuation import Continuation

    model = in_process(engine)
    first = {found.case: found for found in predictions if found.sample == 0}
    drawn = probing.draw(briefs)
    ruled = Briefs((brief for brief in drawn if first[brief.id].ruling is not None), briefs.book)
    asked = {found.brief.id: found for found in _asked(drawn, first)}
    given = Continuation(model, {id_: found.reasoning for id_, found in asked.items()})
    shown = Briefs((found.brief for found in asked.values()), briefs.book)
    greedy = replace(decoding, temperature=0.0, samples=1)
    answers = _decisions(write_episodes(given, shown, greedy, progress, out / PROBED, "probing"))
    anew = replace(decoding, temperature=1.0, samples=probing.samples, seed=probing.seed)
    others = _decisions(write_episodes(model, ruled, anew, progress, out / RESAMPLED, "reasoning anew"))

    def of(case: str) -> Probed:
        found: dict[str, Any] = {name: answers[id_][0] for name in PROBES if (id_ := id_of(case, name)) in answers}
        flip = asked.get(id_of(case, "flipped"))
        if isinstance(flip, Flip):
            finding, decided = flip.finding, found["flipped"]
            found["flipped"] = Followed(
                rule=finding.rule, outcome=finding.outcome, called_for=flip.called_for, decided=decided
            )
        return Probed(**found, resampled=others.get(case))

    results = {brief.id: of(brief.id) for brief in drawn}
    return [
        found.model_copy(update={"probed": results[found.case]})
        if found.sample == 0 and found.case in results
        else found
        for found in predictions
    ]


def in_process(engine: Engine) -> "LocalEngine":
    """The engine, if its model is in this process.

    Raises:
        DataError: it is not.
    """
    from rl.generation.local import LocalEngine

    if isinstance(engine, LocalEngine):
        return engine
    raise DataError(
        f"'{engine.name}' cannot be given a reasoning to answer from, only a model in this process can: measure "
        "faithfulness on a checkpoint, or leave it out"
    )


def _asked(briefs: Briefs, predictions: Mapping[str, Prediction]) -> Iterator[Probe]:
    """Every probe that applies to the predictions on these cases."""
    rulings = {brief.id: predictions[brief.id].ruling for brief in briefs}
    quotes: dict[str, list[str]] = defaultdict(list)
    for brief in briefs:
        if (ruling := rulings[brief.id]) is not None:
            quotes[brief.case.cluster] += quotes_in(ruling.findings)
    for brief in briefs:
        yield without(brief)
        if (ruling := rulings[brief.id]) is not None:
            yield alone(brief, ruling)
            yield from filter(None, (flipped(brief, ruling), requoted(brief, ruling, quotes)))


def _decisions(episodes: Episodes) -> dict[str, tuple[Decision, ...]]:
    """What was decided on each case, sample by sample."""
    found: dict[str, tuple[Decision, ...]] = {}
    for episode in episodes:
        parsed = parse(episode.completion)
        decision = Decision.of(parsed if isinstance(parsed, Ruling) else None)
        found[episode.case] = (*found.get(episode.case, ()), decision)
    return found
