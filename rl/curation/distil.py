"""Distil: a teacher behind a server writes rulings with reasoning on cases with gold, and those that agree are kept.

The teacher is asked once about every case, then once more about those that it got wrong, up to so many tries; it is
shown what any reviewer is shown, and no gold. Where a hint is allowed, what is left after that is asked about once
more with gold's verdict told (`rl.generation.hinted`). Everything that comes in is kept in a journal at once: a run
that was stopped, by a kill or by its budget, goes on where it was.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from data import Brief, Briefs, DataError, Ruling
from prompts import Episode, parse
from rewards import Rubric
from rl.config.decoding import Decoding
from rl.curation.lessons import Candidate, Lessons, best_of, cards_of, unfit
from rl.generation.endpoint import Endpoint
from rl.generation.engine import Key
from rl.generation.episode_log import EpisodeLog
from rl.generation.episodes import shown_hash
from rl.generation.hinted import HintedEndpoint, mentions
from rl.runs.lock import sole_writer

JOURNAL, HINTED = ".journal", ".hinted.journal"
"""Endings of the journals' names, in place of that of the file of lessons."""
TOLD = "telling of the hint"


@dataclass(frozen=True)
class Asking:
    """How a teacher is asked."""

    tries: int = 4
    """About a case, at most; the hint is one more."""
    hint: bool = False
    """Whether cases that no try got right are asked about once more with the verdict told."""
    minimum: float | None = None
    """The least total to be learnt from."""
    most_calls: int | None = None
    """Answers in all, those of earlier runs included."""
    most_tokens: int | None = None
    """Tokens that the server reads and writes in all, those of earlier runs included. Requests that are under way when
    the last is spent are let go, and may cost something yet."""

    @property
    def most(self) -> int:
        """Tries about a case, the hint's included."""
        return self.tries + self.hint


@dataclass
class Spent:
    """What the server has done so far."""

    calls: int = 0
    read: int = 0
    written: int = 0
    untold: int = 0
    """Answers of which the server does not say what they cost."""

    def add(self, episode: Episode) -> None:
        """Counts an answer."""
        self.calls += 1
        self.untold += not episode.refused and not _tells_tokens(episode)
        self.read += (episode.served.prompt_tokens if episode.served else None) or 0
        self.written += episode.tokens or 0

    def over(self, asking: Asking) -> str | None:
        """Which bound is reached, in words; None where there is some left."""
        if asking.most_calls is not None and self.calls >= asking.most_calls:
            return f"{self.calls:,} calls"
        tokens = self.read + self.written
        return f"{tokens:,} tokens" if asking.most_tokens is not None and tokens >= asking.most_tokens else None


@dataclass(frozen=True)
class Distilled:
    """What came of it."""

    lessons: Lessons
    spent: Spent
    stopped: str | None
    """The bound that ended it before every case was asked about as often as it might be; None where none did."""


def distil(
    endpoint: Endpoint,
    briefs: Briefs,
    rubric: Rubric,
    out: str | Path,
    asking: Asking,
    decoding: Decoding,
    reached: Callable[[int], object] = lambda done: None,
) -> Distilled:
    """Has a teacher write lessons.

    Args:
        briefs: cases whose gold has a verdict.
        rubric: what says which answers agree with gold, and which is best.
        out: where the lessons will be written; the journals lie beside it.
        decoding: how it is asked, one sample; more tries than one need a temperature above 0.
        reached: told how many tries are over, of those that there may be: `Asking.most` a case.

    Raises:
        DataError: ``out`` can be no file of lessons, a case has no gold verdict, the server fails or does not say what
            tokens were spent where they are bounded, the journal was made with other settings, or nothing was kept.
    """
    if asking.tries > 1 and decoding.temperature == 0:
        raise DataError("temperature 0 gives the same ruling every time: raise it, or take one try")
    if lacking := [brief.id for brief in briefs if brief.gold is None or brief.gold.verdict is None]:
        raise DataError(f"case '{lacking[0]}' has no gold verdict to agree with", field="gold.verdict")
    _check_out(Path(out))
    rubric.check_categories(briefs.book)
    decoding = decoding.with_template("default")
    shown = shown_hash(briefs, decoding.template or "default")
    teachers = [(endpoint, JOURNAL), (HintedEndpoint.of(endpoint), HINTED)][: 1 + asking.hint]
    with ExitStack() as stack:
        logs = []
        for teacher, ending in teachers:
            journal = Path(out).with_suffix(ending)
            stack.enter_context(sole_writer(journal, "wait for it, or give another --out"))
            logs.append(EpisodeLog(journal, {**teacher.identity(decoding), "shown": shown}))
        spent = Spent()
        for episode in (episode for log in logs for episode in log):
            spent.add(episode)
        left, came = [brief.id for brief in briefs], list[Candidate]()
        stopped: str | None = None
        for number in range(asking.most):
            hinted = number >= asking.tries
            log, sample = (logs[1], 0) if hinted else (logs[0], number)
            keys = [(case, sample) for case in left]
            over = (number + 1) * len(briefs) - len(left)
            if stopped is None:
                at = partial(_reached, reached, over)
                stopped = _ask(teachers[hinted][0], log, briefs, keys, decoding, asking, spent, at)
            new = [_candidate(briefs[key[0]], log[key], hinted) for key in keys if key in log]
            cards = cards_of(new, rubric)
            fit = {c.brief.id for c, card in zip(new, cards, strict=True) if unfit(c, card, asking.minimum) is None}
            came, left = came + new, [case for case in left if case not in fit]
        reached(asking.most * len(briefs))
    return Distilled(best_of(came, rubric, asking.minimum), spent, stopped)


def _check_out(out: Path) -> None:
    """Refuses what lessons cannot be written to, before anything is paid for."""
    if out.name in ("", "..") or out.is_dir():
        raise DataError("is a folder: name a file for the lessons", file=out)
    if out.suffix == JOURNAL:
        raise DataError(f"is what a journal is called: end --out otherwise than in '{JOURNAL}'", file=out)


def _ask(
    teacher: Endpoint,
    log: EpisodeLog,
    briefs: Briefs,
    keys: Sequence[Key],
    decoding: Decoding,
    asking: Asking,
    spent: Spent,
    reached: Callable[[int], object],
) -> str | None:
    """Asks for what the journal does not have of these, and says which bound ended that, if one did."""
    missing = [key for key in keys if key not in log]
    if not missing:
        return None
    if (bound := spent.over(asking)) is not None:
        return bound
    if not log.facts:
        log.begin(teacher.provenance(decoding))
    calls = len(missing) if asking.most_calls is None else asking.most_calls - spent.calls
    with closing(teacher.write(briefs, decoding, missing[:calls])) as batches:
        for batch in batches:
            log.add(batch)
            for episode in batch:
                spent.add(episode)
                if asking.most_tokens is not None and not episode.refused and not _tells_tokens(episode):
                    raise DataError(
                        "the server does not say how many tokens it reads and writes: bound --max-calls instead",
                        file=log.path,
                    )
            missing = [key for key in missing if key not in log]
            reached(len(keys) - len(missing))
            if missing and (bound := spent.over(asking)) is not None:
                return bound
    return None


def _reached(reached: Callable[[int], object], before: int, now: int) -> None:
    reached(before + now)


def _tells_tokens(episode: Episode) -> bool:
    return episode.tokens is not None and episode.served is not None and episode.served.prompt_tokens is not None


def _candidate(brief: Brief, episode: Episode, hinted: bool) -> Candidate:
    """An answer, barred where it tells of the hint."""
    ruling = parse(episode.completion) if hinted else None
    told = isinstance(ruling, Ruling) and mentions(ruling, brief)
    return Candidate(brief, episode, TOLD if told else None)
