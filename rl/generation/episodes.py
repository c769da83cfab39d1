"""Episodes: an engine and briefs in, what it writes and where that comes from out. Nothing is written twice."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data import Briefs
from prompts import Episode, render
from rl.config.decoding import Decoding
from rl.generation.engine import Engine
from rl.generation.episode_log import EpisodeLog
from rl.runs.provenance import rulebook_facts
from rl.terminal.progress import counting


@dataclass(frozen=True)
class Episodes:
    """What an engine wrote about briefs."""

    by_brief: list[list[Episode]]
    """``[brief][sample]``, in the order of the briefs."""
    provenance: dict[str, Any]
    """What ``run.json`` should say of them."""

    def __iter__(self) -> Iterator[Episode]:
        return (episode for samples in self.by_brief for episode in samples)


def write_episodes(
    engine: str | Path | Engine,
    briefs: Briefs,
    decoding: Decoding,
    progress: bool = True,
    log: Path | None = None,
    doing: str = "reviewing",
) -> Episodes:
    """Has an engine write about each brief.

    Args:
        engine: a checkpoint's folder, a run's folder, a name on the Hub, or any engine.
        log: a file that keeps every episode as soon as it is there; what it holds already is not written again, and
            the result is that of a run that was never interrupted.
        doing: what the progress line calls it.

    Raises:
        DataError: there is no such model, a case cannot be put to it, or the log was made with other settings.
        RuntimeError: the engine did not write all that it was asked for.
        TypeError: the engine wrote what is no episode; what it wrote before is in the log.
    """
    engine = engine_of(engine)
    decoding = decoding.with_template(engine.template or "default")
    found = EpisodeLog(log, {**engine.identity(decoding), "shown": shown_hash(briefs, decoding.template or "default")})
    wanted = [(brief.id, sample) for brief in briefs for sample in range(decoding.samples)]
    missing = [key for key in wanted if key not in found]
    if missing:
        if not found.facts:
            found.begin(engine.provenance(decoding))
        with counting(doing, len(wanted), len(wanted) - len(missing), progress) as reached:
            for batch in engine.write(briefs, decoding, missing):
                try:
                    found.add(batch)
                except TypeError as error:
                    raise TypeError(f"'{engine.name}' wrote what is no episode: {error}") from error
                reached(len(found))
    if left_out := [key for key in wanted if key not in found]:
        case, sample = left_out[0]
        raise RuntimeError(f"'{engine.name}' left out {len(left_out)} episodes, first {case}#{sample}")
    episodes = [[found[brief.id, sample] for sample in range(decoding.samples)] for brief in briefs]
    # The book at hand, of which rules that nobody is shown may have changed since.
    return Episodes(episodes, {**found.facts, "rulebook": rulebook_facts(briefs.book)})


def engine_of(model: str | Path | Engine) -> Engine:
    """The engine for a checkpoint's folder, a run's folder or a name on the Hub; an engine as it is."""
    if isinstance(model, Engine):
        return model
    from rl.generation.local import LocalEngine

    return LocalEngine(str(model))


def shown_hash(briefs: Briefs, template: str) -> str:
    """Hash of all that a model is shown, 12 hex digits: the rendered messages, and the content of their media. Where
    the media lie plays no part, nor does gold, since it may be mended.
    """
    digest = hashlib.sha256()
    for brief in briefs:
        shown = [message.identity() for message in render(brief.case, brief.excerpt, template)]
        digest.update(json.dumps([brief.id, shown], sort_keys=True).encode())
    return digest.hexdigest()[:12]
