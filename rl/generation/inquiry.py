"""Inquiry: all that is asked of a server in one go, and what is made of requests that get no answer.

A request that fails is no answer. What a server refuses is an episode that says so, given out once the server has
answered something: one that refuses everything has said nothing of any case. What fails for another reason is asked
again at the end, when the others are done. If it fails once more and the server, at that moment, answers a case that
it had answered before, then it is the case that it cannot answer, and that is a refusal too. If not, it is the
server, and the run ends with an error. No single case stops the others.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from data import Brief, DataError
from prompts import Episode, Served, Turn
from rl.generation.answer import Answer
from rl.generation.conversation import converse
from rl.generation.engine import Key
from rl.generation.faults import Denied, Failed, Hopeless, Refused, Unanswered
from rl.generation.prompts_once import PromptsOnce
from rl.generation.server import Server

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

logger = logging.getLogger(__name__)

FEW_ERRORS, SHARE_OF_ERRORS = 20, 0.1
"""How many requests may be refused or fail before it is too many: so many at least, and that share of all."""
NONE_ANSWERED = 10
"""So many requests that fail, and none that is answered, are the server's fault."""
CONTROLS = 3
"""Cases that were answered before and are asked again, at most, to see whether a server still answers."""

Request = Callable[[Brief, int, list[dict[str, Any]]], dict[str, Any]]


@dataclass
class Inquiry:
    """What one server is asked in one go."""

    server: Server
    portal: "BlockingPortal"
    prompts: PromptsOnce
    request: Request
    """The request for a brief and a sample with these messages."""
    missing: Sequence[Key]
    concurrency: int
    retries: int
    max_errors: int | None
    answered: list[Key] = field(default_factory=list, init=False)
    failed: dict[Key, Failed] = field(default_factory=dict, init=False)
    refused: list[Episode] = field(default_factory=list, init=False)
    """Those that are not given out yet."""
    errors: list[tuple[Key, str]] = field(default_factory=list, init=False)
    """Everything that got no answer, and why."""

    def episodes(self) -> Iterator[list[Episode]]:
        """Those that are answered or refused, as they come in.

        Raises:
            DataError: a picture cannot be read, the server does not answer, or too much was refused or failed.
        """
        waiting = iter(self.missing)
        running: dict[Future[Episode], Key] = {}
        fault: DataError | None = None
        try:
            while True:
                while fault is None and len(running) < self.concurrency and (key := next(waiting, None)):
                    running[self.portal.start_task_soon(self._ask, key, self.retries)] = key
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    key = running.pop(future)
                    try:
                        yield from self._given(future.result())
                    except Failed as error:
                        self.failed[key] = error
                        self.errors.append((key, str(error)))
                        if isinstance(error, Denied) and not self.answered and not self._answers():
                            fault = fault or self._no_completion(key, str(error))
                    except Hopeless as error:
                        fault = fault or self._no_completion(key, str(error))
                    except DataError as error:
                        fault = fault or error
                fault = fault or self._too_many()  # what has begun may still give something
        finally:
            for future in running:
                future.cancel()
        if fault is not None:
            raise fault
        yield from self._settled()

    def _given(self, episode: Episode) -> Iterator[list[Episode]]:
        """What can be given out once there is one more."""
        key = episode.case, episode.sample
        if episode.refused is None:
            self.answered.append(key)
        else:
            self.errors.append((key, episode.refused))
        self.refused.append(episode)
        if self.answered:
            ready, self.refused = self.refused, []
            yield ready

    def _settled(self) -> Iterator[list[Episode]]:
        """The end: what failed is asked once more, and what was refused is given out if the server answers at all."""
        for key, first in self.failed.items():
            try:
                episode = self._now(key)
            except (Failed, Hopeless) as again:
                if not self._answers():
                    raise self._no_completion(key, str(first)) from again
                reason = f"the server fails on this case while it answers others: {again}"
                logger.warning("case '%s' is counted as refused: %s", key[0], reason)
                episode = refused(key, reason)
            yield from self._given(episode)
        if self.refused:
            if not self._answers():
                raise self._no_completion(*self.errors[0])
            yield self.refused

    def _answers(self) -> bool:
        """Whether the server answers, now, a case that it answered before."""
        asked = set(self.missing)
        earlier = [(brief.id, 0) for brief in self.prompts.briefs if (brief.id, 0) not in asked]
        for key in [*reversed(self.answered), *earlier][:CONTROLS]:
            try:
                if self._now(key, retries=1).refused is None:
                    return True
            except (Unanswered, DataError):
                continue
        return False

    def _too_many(self) -> DataError | None:
        """What stops the run, if too much was refused or failed."""
        if not self.answered and len(self.failed) >= NONE_ANSWERED:
            return self._no_completion(*self.errors[0])
        most = self.max_errors
        most = max(FEW_ERRORS, round(SHARE_OF_ERRORS * len(self.missing))) if most is None else most
        if len(self.errors) <= most:
            return None
        key, reason = self.errors[0]
        return DataError(
            f"{len(self.errors)} requests were refused or failed, first case '{key[0]}': {reason}; what came in is "
            "kept, and more are let pass with --max-errors",
            file=self.server.address.shown,
        )

    def _no_completion(self, key: Key, reason: str) -> DataError:
        message = f"case '{key[0]}': the endpoint gave no completion: {reason}"
        return DataError(f"{message}; what came in is kept, run again for the rest", file=self.server.address.shown)

    def _now(self, key: Key, retries: int = 0) -> Episode:
        return self.portal.call(self._ask, key, retries)

    async def _ask(self, key: Key, retries: int) -> Episode:
        """Raises Failed or Hopeless, and DataError where a picture cannot be read."""
        (case, sample), began = key, time.monotonic()
        brief = self.prompts.briefs[case]

        async def ask(messages: list[dict[str, Any]]) -> tuple[Answer, tuple[str, ...]]:
            return await self.server.ask(self.request(brief, sample, messages), retries)

        try:
            desk = self.prompts.desks.at(brief) if self.prompts.desks is not None else None
            said = await converse(ask, await self.prompts.of(case), desk)
        except Refused as refusal:
            return refused(key, str(refusal))
        served, seconds = Served(None, said.left_out, said.prompt_tokens), time.monotonic() - began
        return Episode(case, tuple(said.turns), sample, said.verdict_logprob, served, seconds)


def refused(key: Key, reason: str) -> Episode:
    """The episode of a request that a server will not answer."""
    case, sample = key
    return Episode(case, (Turn(""),), sample, served=Served(refused=reason))
