"""Episodes: an engine and briefs in, what it writes and where that comes from out. Nothing is written twice."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from data import Briefs, DataError
from prompts import Episode, render
from rl.config.decoding import Decoding
from rl.desk import Desks
from rl.generation.endpoint import Endpoint
from rl.generation.engine import Engine, Key
from rl.generation.episode_log import EpisodeLog
from rl.runs.lock import sole_writer
from rl.runs.provenance import retrieval_facts, rulebook_facts
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


class Written(Protocol):
    """What is written so far."""

    def __getitem__(self, key: Key, /) -> Episode: ...


class Rounds(Protocol):
    """In which order briefs are put to an engine, where some tell of what it wrote about others."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """What tells the order from others: JSON."""

    def __call__(self, written: Written) -> Iterator[tuple[Briefs, Sequence[Key]]]:
        """Briefs, and which of their samples are asked for, round by round; once the next one is asked for, those are
        written."""


def write_episodes(
    engine: str | Path | Engine,
    briefs: Briefs,
    decoding: Decoding,
    progress: bool = True,
    log: Path | None = None,
    doing: str = "reviewing",
    retry_refused: bool = False,
    rounds: Rounds | None = None,
) -> Episodes:
    """Has an engine write about each brief.

    Args:
        engine: a checkpoint's folder, a run's folder, a name on the Hub, or any engine.
        log: a file that keeps every episode as soon as it is there; what it holds already is not written again, and
            the result is that of a run that was never interrupted.
        doing: what the progress line calls it.
        retry_refused: whether what a server refused before is asked for again.
        rounds: how the briefs are asked for; all at once if None.

    Raises:
        DataError: there is no such model, a case cannot be put to it, or the log was made with other settings or is
            being written by another process.
        RuntimeError: the engine did not write all that it was asked for.
        TypeError: the engine wrote what is no episode; what it wrote before is in the log.
    """
    engine = engine_of(engine)
    with sole_writer(log, "wait for it, or give another --out") if log is not None else nullcontext():
        return _written(engine, briefs, decoding, progress, log, doing, retry_refused, rounds)


def _written(
    engine: Engine,
    briefs: Briefs,
    decoding: Decoding,
    progress: bool,
    log: Path | None,
    doing: str,
    retry_refused: bool,
    rounds: Rounds | None,
) -> Episodes:
    decoding = decoding.with_template(engine.template or "default")
    settings = {**engine.identity(decoding), "shown": shown_hash(briefs, decoding.template or "default")}
    settings |= rounds.identity if rounds is not None else {}
    found = EpisodeLog(log, settings, retry_refused)
    wanted = [(brief.id, sample) for brief in briefs for sample in range(decoding.samples)]
    if missing := sum(key not in found for key in wanted):
        if not found.facts:
            found.begin(engine.provenance(decoding))
        with counting(doing, len(wanted), len(wanted) - missing, progress) as reached:
            for some, keys in rounds(found) if rounds is not None else [(briefs, wanted)]:
                for batch in _missing(engine, some, decoding, [key for key in keys if key not in found]):
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
    facts = {**found.facts, "rulebook": rulebook_facts(briefs.book)} | retrieval_facts(briefs)
    every = [episode for samples in episodes for episode in samples]
    return Episodes(episodes, facts | served_facts(every) | spent_facts(every))


def _missing(engine: Engine, briefs: Briefs, decoding: Decoding, missing: Sequence[Key]) -> Iterator[list[Episode]]:
    return engine.write(briefs, decoding, missing) if missing else iter(())


def served_facts(episodes: Iterable[Episode]) -> dict[str, Any]:
    """What ``run.json`` says of episodes that came from a server: how many were refused, the parameters that it did
    not take, each with the number of requests that went without, and the tokens that it read and wrote.
    """
    served = [(episode, episode.served) for episode in episodes if episode.served is not None]
    if not served:
        return {}
    left_out = Counter(name for _, found in served for name in found.left_out)
    read = [found.prompt_tokens for _, found in served if found.prompt_tokens is not None]
    written = [episode.tokens for episode, found in served if episode.tokens is not None]
    refused = sum(found.refused is not None for _, found in served)
    tokens = {"read": sum(read) if read else None, "written": sum(written) if written else None}
    return {"served": {"refused": refused, "left_out": dict(sorted(left_out.items())), "tokens": tokens}}


def spent_facts(episodes: Iterable[Episode]) -> dict[str, Any]:
    """What ``run.json`` says of what an episode takes, on average: turns, calls, pictures from tools, tokens that the
    policy wrote and that tools gave, and seconds, each where it is known.
    """
    every = list(episodes)
    found: dict[str, list[float]] = {
        "turns": [sum(turn.author == "policy" for turn in episode.turns) for episode in every],
        "calls": [len(episode.looks) for episode in every],
        "pictures": [sum(look.pictures for look in episode.looks) for episode in every],
        "tokens_written": [episode.tokens for episode in every if episode.tokens is not None],
        "tokens_from_tools": [sum(look.tokens for look in episode.looks) for episode in every],
        "seconds": [episode.seconds for episode in every if episode.seconds is not None],
    }
    return {"spent": {name: round(sum(values) / len(values), 3) for name, values in found.items() if values}}


def engine_of(model: str | Path | Engine) -> Engine:
    """The engine for a checkpoint's folder, a run's folder or a name on the Hub; an engine as it is."""
    if isinstance(model, Engine):
        return model
    from rl.generation.local import LocalEngine

    return LocalEngine(str(model))


def at_desk(engine: str | Path | Engine, desks: Desks | None) -> Engine:
    """The same engine, whose model may look things up; as it is, where there is no desk.

    Raises:
        DataError: it has no way to ask, or a tool may have side effects and episodes are written side by side.
    """
    engine = engine_of(engine)
    if desks is None:
        return engine
    if isinstance(engine, Endpoint):
        return replace(engine, desks=desks)
    from rl.generation.at_desk import AtDesk
    from rl.generation.local import LocalEngine

    if not isinstance(engine, LocalEngine):
        raise DataError(f"'{engine.name}' cannot be asked with tools: only checkpoints and endpoints can")
    return AtDesk(engine, desks)


def shown_hash(briefs: Briefs, template: str) -> str:
    """Hash of all that a model is shown, 12 hex digits: the rendered messages, and the content of their media. Where
    the media lie plays no part, nor does gold, since it may be mended.
    """
    digest = hashlib.sha256()
    for brief in briefs:
        shown = [message.identity() for message in render(brief.case, brief.excerpt, template)]
        digest.update(json.dumps([brief.id, shown], sort_keys=True).encode())
    return digest.hexdigest()[:12]
