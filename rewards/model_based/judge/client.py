"""Asks a server that speaks the OpenAI API many things at once, and never longer than it is given.

Retries, their backoff and the server's ``Retry-After`` are the openai client's. What is added: a limit on calls at a
time, on the whole batch's time and on an answer's size, and a circuit breaker. A server that refuses to be told the
form of its answers (``response_format``) is asked without, and that is remembered. Whatever goes wrong with one
request is its own outcome; it never spoils the others.
"""

import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field, ValidationError

from data.address import Address
from data.errors import explain
from data.response_bodies import read_beginning_of_error
from rewards.model_based.judge.breaker import CircuitBreaker
from rewards.model_based.judge.form import Answer, Unreadable
from rewards.model_based.judge.request import Request

if TYPE_CHECKING:
    from openai import AsyncOpenAI

logger = logging.getLogger(__name__)

MOST_BYTES = 1_000_000
"""Size of the largest answer that is read."""
_LONGEST_ERROR = 200


class JudgeFault(Exception):
    """A judge gave no usable answer: the server was not there, or what it said was not what was asked for."""


class Refused(JudgeFault):
    """The server minds this request, as too long or as malformed."""


class ServerDown(JudgeFault):
    """The server did not answer, even after retries."""


class _Message(BaseModel):
    content: str


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    """What is read of a chat completion."""

    choices: list[_Choice] = Field(min_length=1)


@dataclass
class Client:
    """A server, and how to ask it."""

    address: Address
    api_key: str
    timeout: float
    """Seconds that one try may take to connect, and the server to send the next part of its answer."""
    batch_timeout: float
    """Seconds for all requests together, retries included."""
    retries: int
    """Further tries after the server was busy (429), failed (5xx) or could not be reached."""
    concurrency: int
    """Requests at a time."""
    breaker: CircuitBreaker
    takes_form: bool | None = field(default=None, init=False)
    """Whether the server takes ``response_format``; None until it has answered."""

    def __post_init__(self) -> None:
        # What takes a second or more the first time: now, and not within the first batch's time.
        import openai  # noqa: F401

        _certificates()

    def ask(
        self, requests: Mapping[str, Request], keep: Callable[[str, str], None]
    ) -> dict[str, dict[str, Answer] | Exception]:
        """Each request's answers, or the fault that there are none.

        May be called from anywhere, a running event loop included: the asking is done in a thread of its own, which
        ends, and its calls with it, when this returns or is interrupted.

        Args:
            requests: by any key.
            keep: called with a request's key and the text of its answer once that has been found valid.
        """
        from anyio.from_thread import start_blocking_portal

        with start_blocking_portal() as portal:
            return portal.call(self._ask_all, requests, keep)

    async def _ask_all(
        self, requests: Mapping[str, Request], keep: Callable[[str, str], None]
    ) -> dict[str, dict[str, Answer] | Exception]:
        from anyio import CapacityLimiter, create_task_group, move_on_after
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient

        late = JudgeFault(f"no answer within the {self.batch_timeout:g} s that a batch may take")
        outcomes: dict[str, dict[str, Answer] | Exception] = dict.fromkeys(requests, late)
        limiter = CapacityLimiter(self.concurrency)

        async def ask(key: str, request: Request) -> None:
            async with limiter:
                outcomes[key] = await self._ask_one(server, key, request, keep)

        async with AsyncOpenAI(
            base_url=self.address.shown,
            api_key=self.api_key,
            default_headers=self.address.headers,
            default_query=self.address.query,
            timeout=self.timeout,
            max_retries=self.retries,
            http_client=DefaultAsyncHttpxClient(
                verify=_certificates(), event_hooks={"response": [read_beginning_of_error]}
            ),
        ) as server:
            with move_on_after(self.batch_timeout):
                async with create_task_group() as group:
                    for key, request in requests.items():
                        group.start_soon(ask, key, request)
        return outcomes

    async def _ask_one(
        self, server: "AsyncOpenAI", key: str, request: Request, keep: Callable[[str, str], None]
    ) -> dict[str, Answer] | Exception:
        from anyio import get_cancelled_exc_class

        try:
            self.breaker.check()
            text = await self._text(server, request)
            self.breaker.succeeded()
            answers = request.form.read(text)
            keep(key, text)
            return answers
        except get_cancelled_exc_class():
            self.breaker.failed("no answer in time")
            raise
        except ServerDown as error:
            self.breaker.failed(str(error))
            return error
        except Unreadable as error:
            return JudgeFault(self.address.hide(f"not the JSON that was asked for: {error}"))
        except Exception as error:  # of any kind: it is this request's outcome
            return error

    async def _text(self, server: "AsyncOpenAI", request: Request) -> str:
        """The text of the answer, in the form that was asked for if the server knows how.

        A server that has once taken the form does not mind it: what it refuses then, it refuses for something else. So
        no completion, by making a request that is refused, can have the others asked without.
        """
        if self.takes_form is False:
            return await self._fetch(server, request.unformatted)
        try:
            text = await self._fetch(server, request.body)
        except Refused:
            if self.takes_form:
                raise
            text = await self._fetch(server, request.unformatted)
            if self.takes_form is None:
                logger.warning("the judge at %s refuses response_format: it is asked without", self.address.shown)
                self.takes_form = False
        else:
            self.takes_form = True
        return text

    async def _fetch(self, server: "AsyncOpenAI", body: Mapping[str, Any]) -> str:
        """The text of the answer, read no further than `MOST_BYTES`.

        Raises:
            ServerDown: the server is not there, is overloaded, or fails.
            Refused: it minds this request.
            JudgeFault: its answer is none. Neither may open the circuit: a completion that makes a judge stumble could
                silence it for all others.
        """
        from openai import APIStatusError

        # As a stream, since the client would read an answer of any size into memory.
        create: Any = server.chat.completions.with_streaming_response.create
        answer = bytearray()
        try:
            async with create(**body) as response:
                async for chunk in response.iter_bytes():
                    answer += chunk
                    if len(answer) > MOST_BYTES:
                        break
        except APIStatusError as error:
            raise (Refused if error.status_code in (400, 413, 422) else ServerDown)(self._short(error)) from error
        except Exception as error:  # connections break in many ways, and the openai client does not wrap them all
            raise ServerDown(self._short(error)) from error
        if len(answer) > MOST_BYTES:
            raise JudgeFault(f"the answer has more than {MOST_BYTES:,} bytes")
        try:
            choice = _Completion.model_validate_json(bytes(answer)).choices[0]
        except ValidationError as error:
            raise JudgeFault(self.address.hide(f"not a chat completion: {_complaint(error)}")) from error
        if choice.finish_reason == "length":
            raise JudgeFault("the answer was cut off: allow it more tokens (tokens_per_answer)")
        return choice.message.content

    def _short(self, error: Exception) -> str:
        """The kind and the beginning of the message: a server may send anything as its error, our secrets too."""
        return f"{type(error).__name__}: {' '.join(self.address.hide(str(error))[:_LONGEST_ERROR].split())}"


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """The system's certificates, read once: a client of its own for each batch would take 0.2 s to read them."""
    return ssl.create_default_context()


def _complaint(error: ValidationError) -> str:
    field, message = explain(error)
    return f"{field}: {message}" if field else message
