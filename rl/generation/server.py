"""Server: asks for one answer at a time, tries again where that may help, and says why where it did not.

An answer is read no further than `MOST_BYTES`, and a try takes no longer than it may, however slowly it drips in.
"""

import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from data.address import Address, key_in
from data.response_bodies import read_beginning_of_error
from rl.generation import rate_limit
from rl.generation.answer import Answer, read_answer
from rl.generation.faults import Failed, Hopeless, Late, Limited, Mistaken, Said, Unanswered, short
from rl.generation.parameters import OPTIONAL, Parameters, minded, without
from rl.generation.rate_limit import RateLimit

if TYPE_CHECKING:
    from openai import AsyncOpenAI

KEY = "OPENAI_API_KEY"
"""The environment variable with the key of an endpoint's API."""
MOST_BYTES = 32_000_000
"""Size of the largest answer that is read: log-probabilities are a hundred bytes a token and more."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
"""Seconds between tries, doubling."""


class Counted(Protocol):
    """What can be read of an answer: at least how many tokens it took."""

    @property
    def tokens(self) -> int | None: ...

    @property
    def prompt_tokens(self) -> int | None: ...


AnyRead = TypeVar("AnyRead", bound=Counted)


@dataclass
class Server:
    """A server, what it takes, and how fast it may be asked."""

    client: "AsyncOpenAI"
    address: Address
    timeout: float
    """Seconds that one try may take, from the request to the answer's last byte."""
    parameters: Parameters
    limit: RateLimit

    @classmethod
    @asynccontextmanager
    async def at(cls, address: Address, timeout: float, concurrency: int) -> "AsyncIterator[Server]":
        """A server while it is being asked."""
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient

        async with AsyncOpenAI(
            base_url=address.shown,
            api_key=key_in(KEY) or "none",
            default_headers=address.headers,
            default_query=address.query,
            timeout=timeout,
            http_client=DefaultAsyncHttpxClient(event_hooks={"response": [read_beginning_of_error]}),
            max_retries=0,  # what has been tried, and why once more, is known here alone
        ) as client:
            yield cls(client, address, timeout, Parameters(address.shown), RateLimit(concurrency))

    async def ask(self, body: Mapping[str, Any], retries: int) -> tuple[Answer, tuple[str, ...]]:
        """A completion in a chat, and what had to be left out of the request for it; see `put`."""
        read = partial(read_answer, address=self.address, tools="tools" in body)
        return await self.put(self.client.chat.completions, body, retries, read)

    async def put(
        self, resource: Any, body: Mapping[str, Any], retries: int, read: Callable[[bytes], AnyRead]
    ) -> tuple[AnyRead, tuple[str, ...]]:
        """What is read of the answer, and what had to be left out of the request for it.

        Args:
            resource: what of the client's is asked, such as ``completions``.
            retries: further tries after the server failed or could not be reached, of which one at most is spent on an
                answer that did not come in time. A rate limit is waited for however often it takes, but for 0, which
                is one try.
            read: what reads an answer's bytes, or raises `Unanswered`.

        Raises:
            Unanswered: there is none.
        """
        own: dict[str, bool] = {}  # what this request leaves out beyond the others, and whether the server named it
        tries, started = 0, self.limit.now()
        while True:
            left_out = {*self.parameters.left_out, *own}
            asked = without(body, left_out)
            try:
                answer = await self._try(resource, asked, read)
            except Mistaken as fault:
                if not self._leave_out(fault.said, asked, own):
                    raise
            except Limited as fault:
                self._hold(fault, started)
                if not retries:
                    raise
            except Failed as fault:
                tries += 1
                if not fault.soon or tries > (min(1, retries) if isinstance(fault, Late) else retries):
                    raise
                await self._pause(tries, fault)
            else:
                self.parameters.answered(asked, own)
                return answer, tuple(sorted(left_out & {*body, "max_completion_tokens"}))

    def _leave_out(self, said: Said, asked: Mapping[str, Any], own: dict[str, bool]) -> bool:
        """Whether there is something more to leave out of a request that the server minds."""
        name = minded(said, asked)
        if name is None and not self.parameters.taken(asked):
            name = next(name for name in OPTIONAL if name in asked)
            own[name] = False
            return True
        if name is not None:
            own[name] = True
        return name is not None

    async def _try(self, resource: Any, body: Mapping[str, Any], read: Callable[[bytes], AnyRead]) -> AnyRead:
        from anyio import fail_after, sleep
        from openai import APIConnectionError, APIStatusError, APITimeoutError

        while pause := self.limit.turn():
            if pause > rate_limit.PATIENCE:  # another request was told so
                raise Hopeless(_too_long(pause))
            await sleep(pause)
        create: Any = resource.with_streaming_response.create
        content = bytearray()
        try:
            with fail_after(self.timeout):
                async with create(**body) as response:
                    async for chunk in response.iter_bytes():
                        content += chunk
                        if len(content) > MOST_BYTES:
                            raise Failed(f"the answer has more than {MOST_BYTES:,} bytes", soon=False)
                    headers: Mapping[str, str] = response.headers
            answer = read(bytes(content))
        except APIStatusError as error:
            said = Said.of(error.body if error.body is not None else str(error), self.address, error.status_code)
            raise said.fault(error.response.headers) from None
        except (APITimeoutError, TimeoutError) as error:
            raise Late(f"no answer within {self.timeout:g} s") from error
        except Unanswered:
            raise
        except Exception as error:  # connections break in many ways, and the client does not wrap them all
            cause = error.__cause__ if isinstance(error, APIConnectionError) and error.__cause__ else error
            reason = f"{type(cause).__name__}: {short(str(cause), self.address)}"
            raise Failed(f"the connection broke: {reason}", soon=True) from error
        used = [count for count in (answer.tokens, answer.prompt_tokens) if count is not None]
        self.limit.answered(headers, sum(used) or None)
        return answer

    async def _pause(self, tries: int, fault: Failed) -> None:
        from anyio import sleep

        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1)) * random.uniform(0.75, 1.0)
        told = rate_limit.seconds(fault.headers.get("retry-after"))
        await sleep(max(pause, min(told or 0.0, rate_limit.PATIENCE)))

    def _hold(self, fault: Limited, started: float) -> None:
        """Holds all requests back; the next try waits for its turn."""
        wait, now = self.limit.limited(fault.headers), self.limit.now()
        silent, patience = now - self.limit.answered_at, rate_limit.PATIENCE
        if wait > patience:
            raise Hopeless(f"{fault}; {_too_long(wait)}")
        if silent > 3 * patience:
            raise Hopeless(f"{fault}; this did not let up in {silent:,.0f} s")
        if now - started > patience:
            raise Failed(f"{fault}; this did not let up in {now - started:,.0f} s", soon=False)


def _too_long(wait: float) -> str:
    return f"the server asks to wait {wait:,.0f} s: run again then"
