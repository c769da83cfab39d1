"""RemoteTeacher: a model behind a server, which says at each token of a completion what it would have written there.

It is asked as vLLM's OpenAI API has it: ``prompt_logprobs`` of what is read, and ``prompt_token_ids``, which tell what
that was. Text goes as token ids to ``completions``, so that what is scored is, to the token, what the student read and
wrote. Pictures have no ids: with them, messages go to ``chat/completions``, the completion as the last of them. The
server writes that by its own chat template, so its ids are held against the student's: pictures may take another
number of tokens, all else has to be the same. A completion is scored as far as it is.

Whatever goes wrong with a completion is its own outcome, and leaves it unscored.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby, takewhile
from typing import Any, TypeAlias

from data import DataError
from data.address import Address, key_in
from prompts import Message
from prompts.processor import Processor, tokenizer_of
from prompts.reply import Reply
from prompts.system import fold_system
from rl.generation.answer import first_choice
from rl.generation.endpoint import Endpoint
from rl.generation.faults import Failed, Unanswered
from rl.generation.server import KEY, Server

PROBE = (
    '<think>ALC-1: "Prost, 12 % off — 世界 ñ 🍺", no exception -> broken\n\n</think><answer>{"violations": '
    '[{"rule": "ALC-1", "evidence": []}], "verdict": "reject", "confidence": 0.85}</answer>'
)
"""What a ruling consists of, and what tokenizers are apt to disagree on."""
_NONE = -9999.0
"""What servers write for the log-probability of what cannot be, since JSON has no infinity."""

Scores: TypeAlias = list[dict[int, float]]
"""Of each token of a completion, the likeliest ones in its place and their log-probabilities; none where unscored."""


@dataclass(frozen=True, eq=False)
class Written:
    """A completion, and what a teacher reads before it."""

    messages: Sequence[Message]
    prompt: Sequence[int]
    """The same as token ids."""
    completion: Sequence[int]


@dataclass(frozen=True)
class _Reading:
    """What a server has read, and what it says at each token of that."""

    ids: list[int]
    said: list[Any]
    tokens: int = 1

    @property
    def prompt_tokens(self) -> int:
        return len(self.ids)


@dataclass(eq=False)
class RemoteTeacher:
    """A teacher that speaks the OpenAI API as vLLM does.

    Args:
        top_k: how many of the likeliest tokens are asked for.
        processor: the student's.
        vocabulary: how many tokens the student knows; a larger teacher may have others, to fill up its head.
        media: ids that stand for what is no text.
    """

    endpoint: Endpoint
    top_k: int
    processor: Processor
    vocabulary: int
    media: Collection[int] = ()
    reply: Reply = field(init=False)

    def __post_init__(self) -> None:
        self.reply = Reply.of(self.processor)

    @property
    def shown(self) -> str:
        """Where it is, for people."""
        return Address.of(self.endpoint.url).shown

    def check(self) -> None:
        """Makes sure that it can be asked, and has the student's tokenizer.

        Raises:
            DataError: it does not answer, says nothing of what it reads, or reads other tokens.
        """
        tokenizer = tokenizer_of(self.processor)
        text = PROBE + str(tokenizer.eos_token or "")
        own: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
        reading = self._call(self._probe, text, self.endpoint.retries)
        if isinstance(reading, Unanswered):
            raise DataError(f"the teacher cannot be asked: {reading}", file=self.shown, field="distil.endpoint")
        if reading.ids != own:
            at = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(reading.ids, own, strict=False)))
            theirs = reading.ids[at] if at < len(reading.ids) else "none"
            here = f"{own[at]} ({tokenizer.decode([own[at]])!r})" if at < len(own) else "none"
            raise DataError(
                f"'{self.endpoint.model}' has another tokenizer than the student: token {at} of a probe is {theirs} "
                f"there and {here} here, and tokens of one say nothing about those of the other; take a teacher of "
                "the same family",
                file=self.shown,
                field="distil.endpoint",
            )
        if not all(self._likeliest(said) for said in reading.said[1:]):
            message = "the teacher gives no log-probabilities by token id (prompt_logprobs), as vLLM does"
            raise DataError(message, file=self.shown, field="distil.endpoint")

    def silent(self) -> str | None:
        """Why it answers nothing now, not even what it answered at the start; None where it answers."""
        reading = self._call(self._probe, PROBE, 1)
        return str(reading) if isinstance(reading, Unanswered) else None

    def score(self, written: Sequence[Written]) -> list[Scores | Exception]:
        """Each completion's scores, or the fault that there are none."""
        return self._call(self._score, written) if written else []

    def _call(self, ask: Any, *args: Any) -> Any:
        from anyio.from_thread import start_blocking_portal

        address = Address.of(self.endpoint.url, key_in(KEY))
        serving = partial(Server.at, address, self.endpoint.timeout, self.endpoint.concurrency)
        with start_blocking_portal() as portal, portal.wrap_async_context_manager(serving()) as server:
            return portal.call(ask, server, *args)

    async def _probe(self, server: Server, text: str, retries: int) -> _Reading | Unanswered:
        try:
            return await self._read(server, server.client.completions, retries, prompt=text, add_special_tokens=False)
        except Unanswered as fault:
            return fault

    async def _score(self, server: Server, written: Sequence[Written]) -> list[Scores | Exception]:
        from anyio import CapacityLimiter, create_task_group

        found: list[Any] = [None] * len(written)
        limiter = CapacityLimiter(self.endpoint.concurrency)

        async def score(place: int) -> None:
            async with limiter:
                try:
                    found[place] = await self._one(server, written[place])
                except (Unanswered, DataError) as fault:  # DataError: a picture cannot be read any more
                    found[place] = fault

        async with create_task_group() as group:
            for place in range(len(written)):
                group.start_soon(score, place)
        return found

    async def _one(self, server: Server, written: Written) -> Scores:
        from anyio.to_thread import run_sync

        ask, completion = partial(self._read, server, retries=self.endpoint.retries), list(written.completion)
        if any(message.media for message in written.messages):
            messages = await run_sync(self._for_server, written)
            whole = {"add_generation_prompt": False, "continue_final_message": False}
            reading = await ask(server.client.chat.completions, messages=messages, **whole)
        else:
            reading = await ask(server.client.completions, prompt=[*written.prompt, *completion])
        start = behind(reading.ids, written.prompt, self.media)
        if start is None:
            raise Failed("it reads another prompt than the student: is its chat template the same?", soon=False)
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(completion, reading.ids[start:], strict=False))
        scores = [self._likeliest(reading.said[start + place]) for place, _ in enumerate(alike)]
        return scores + [{}] * (len(completion) - len(scores))

    def _for_server(self, written: Written) -> list[dict[str, Any]]:
        tokenizer = tokenizer_of(self.processor)
        *text, last = written.completion
        if last not in tokenizer.all_special_ids:  # the end of a turn is written by the chat template
            text.append(last)
        turn = self.reply.message(str(tokenizer.decode(text, clean_up_tokenization_spaces=False)))
        return [message.for_server() for message in fold_system([*written.messages, turn], self.processor)]

    async def _read(self, server: Server, resource: Any, retries: int, **asked: Any) -> _Reading:
        """What the server says of what it is asked to read."""
        how = {"max_tokens": 1, "temperature": 1.0, "prompt_logprobs": self.top_k, "return_token_ids": True}
        extra = {name: value for name, value in asked.items() if name not in ("prompt", "messages")}
        known = {name: value for name, value in asked.items() if name not in extra}
        body = {"model": self.endpoint.model, **known, "extra_body": {**self.endpoint.extra_body, **extra, **how}}
        reading, _ = await server.put(resource, body, retries, partial(_reading, address=server.address))
        return reading

    def _likeliest(self, said: Any) -> dict[int, float]:
        """What a server says in the place of one token; nothing where that is no distribution."""
        try:
            every: dict[int, float] = {int(token): float(about["logprob"]) for token, about in said.items()}
        except (AttributeError, KeyError, TypeError, ValueError):
            return {}
        if not all(value <= 1e-3 for value in every.values()) or sum(map(math.exp, every.values())) > 1.01:
            return {}
        known = [(token, value) for token, value in every.items() if 0 <= token < self.vocabulary and value > _NONE]
        return dict(sorted(known, key=lambda pair: -pair[1])[: self.top_k])


def behind(read: Sequence[int], prompt: Sequence[int], media: Collection[int]) -> int | None:
    """Where what stands behind a prompt begins in what was read, whatever number of tokens a picture takes in either;
    None where another prompt was read.

    Example:
        >>> behind([1, 9, 9, 9, 2, 5, 6], [1, 9, 9, 2], media={9}), behind([1, 9, 9, 3, 5], [1, 9, 9, 2], media={9})
        (5, None)
    """
    place = 0
    for token, run in groupby(prompt):
        here = [token] * len(list(run))
        if token in media:
            here = [other for other in takewhile(token.__eq__, read[place:])]
        if not here or list(read[place : place + len(here)]) != here:
            return None
        place += len(here)
    return place


def _reading(content: bytes, address: Address) -> _Reading:
    answer, choice = first_choice(content, address)
    chosen = choice if isinstance(choice, dict) else {}
    said, ids = (chosen.get(name) or answer.get(name) for name in ("prompt_logprobs", "prompt_token_ids"))
    if not isinstance(said, list):
        raise Failed("it gives no log-probabilities of what it reads (prompt_logprobs), as vLLM does", soon=False)
    if not isinstance(ids, list) or not all(type(token) is int for token in ids) or len(ids) != len(said):
        raise Failed("it does not tell the ids of what it reads (prompt_token_ids), as newer vLLM does", soon=False)
    return _Reading(ids, said)
