"""Endpoint: a model behind a server that speaks the OpenAI API (vLLM, SGLang, ``transformers serve``, a vendor's).

Each completion is a request of its own, so that servers that know nothing of ``n`` give samples too, and a seed per
case and sample makes them the same again where the server heeds it.
"""

import hashlib
import json
import math
import os
from collections.abc import Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from data import Brief, Briefs, DataError
from prompts import Episode, Turn, render
from prompts.parse import END_THINK, THINK
from rl.config.decoding import Decoding
from rl.generation.engine import Key
from rl.generation.logprobs import verdict_logprob
from rl.runs.provenance import provenance

if TYPE_CHECKING:
    from openai import OpenAI

KEY = "OPENAI_API_KEY"


@dataclass(frozen=True)
class Endpoint:
    """A model behind a server. The key, if it wants one, is read from ``OPENAI_API_KEY``."""

    url: str
    """Base address: ``http://localhost:8000/v1``."""
    model: str
    """What the server calls the model."""
    concurrency: int = 8
    """Requests at a time."""
    retries: int = 5
    """Further tries after the server was busy (429), failed (5xx) or could not be reached, ever longer apart."""
    timeout: float = 600.0
    """Seconds that one try may take."""

    @property
    def name(self) -> str:
        return self.model.rpartition("/")[2]

    @property
    def template(self) -> str | None:
        return None

    def identity(self, decoding: Decoding) -> dict[str, Any]:
        how = {"template": decoding.template, **_how(decoding)}
        return {"endpoint": self.url, "model": self.model, "decoding": how}

    def provenance(self, decoding: Decoding) -> dict[str, Any]:
        source = {"url": self.url, "model": self.model}
        return provenance(template=decoding.template, decoding=_how(decoding), endpoint=source)

    def write(self, briefs: Briefs, decoding: Decoding, missing: Collection[Key]) -> Iterator[list[Episode]]:
        """The missing episodes as they come in.

        Raises:
            DataError: a picture cannot be read, or a request failed for good; what came in before has been given out.
        """
        from openai import OpenAI

        waiting = iter([(briefs[case], sample) for case, sample in missing])
        client = OpenAI(
            base_url=self.url, api_key=os.environ.get(KEY) or "none", timeout=self.timeout, max_retries=self.retries
        )

        extras: dict[str, Any] = {"logprobs": True}

        def one(brief: Brief, sample: int) -> list[Episode]:
            body = self._body(brief, decoding, sample)
            return [self._episode(client, brief, sample, body, extras)]

        with client, ThreadPoolExecutor(self.concurrency) as pool:
            running: set[Future[list[Episode]]] = set()
            failed: Future[list[Episode]] | None = None
            try:
                while True:
                    # Prompts are made as they are needed: pictures as text are large.
                    while not failed and len(running) < 2 * self.concurrency and (asked := next(waiting, None)):
                        running.add(pool.submit(one, *asked))
                    if not running:
                        break
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        if future.cancelled():
                            continue
                        if future.exception() is None:
                            yield future.result()
                        elif failed is None:
                            failed = future
                            for other in running:  # what has begun may still give something
                                other.cancel()
                if failed is not None:
                    failed.result()
            finally:
                for future in running:
                    future.cancel()

    def _body(self, brief: Brief, decoding: Decoding, sample: int) -> dict[str, Any]:
        messages = render(brief.case, brief.excerpt, decoding.template or "default")
        variables = decoding.chat_template_kwargs
        return {
            **({"extra_body": {"chat_template_kwargs": variables}} if variables else {}),
            "model": self.model,
            "messages": [message.for_server() for message in messages],
            "max_tokens": decoding.max_new_tokens,
            "temperature": decoding.temperature,
            "seed": _seed_of(brief.id, sample, decoding.seed),
        }

    def _episode(
        self, client: "OpenAI", brief: Brief, sample: int, body: dict[str, Any], extras: dict[str, Any]
    ) -> Episode:
        """What the server writes; ``extras`` are what it may refuse, and is not asked for again once it has."""
        from openai import BadRequestError, OpenAIError

        create = client.chat.completions.create
        try:
            try:
                answer = create(**body, **extras)
            except BadRequestError:
                extras.clear()
                answer = create(**body)
            return episode_of(answer, brief.id, sample)
        except (OpenAIError, ValueError, RecursionError) as error:  # the last two: JSON that cannot be read
            message = f"case '{brief.id}': the endpoint gave no completion: {error}"
            raise DataError(f"{message}; what came in is kept, run again for the rest", file=self.url) from error


def episode_of(answer: Any, case: str, sample: int) -> Episode:
    """A server's answer as an episode; reasoning that the server keeps apart is put back where the model wrote it, and
    a tag before it that only the prompt can have held: text that closes a reasoning which it has not opened is taken
    to go on from one that the chat template had opened.

    A choice without content is an empty completion, which is no ruling. Log-probabilities that are none are not known.

    Raises:
        ValueError: it is no answer of the OpenAI API, or one that says what went wrong.
    """
    message = _message(answer)
    text = message.content or ""
    if not isinstance(text, str):
        raise ValueError(f"the message's content is no text but {_cut(text)}")
    reasoning = getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None)
    if THINK not in text and isinstance(reasoning, str):
        text = f"{THINK}{reasoning}{END_THINK}{text.lstrip()}"
    elif THINK not in text and END_THINK in text:
        text = THINK + text
    text = text.encode("utf-8", "replace").decode()  # halves of surrogate pairs cannot be written to a file
    tokens = getattr(answer.usage, "completion_tokens", None)
    if tokens is not None and type(tokens) is not int:
        raise ValueError(f"completion_tokens is no number but {_cut(tokens)}")
    known = getattr(getattr(answer.choices[0], "logprobs", None), "content", None)
    return Episode(case, (Turn(text, tokens=tokens),), sample, _verdict_logprob(known))


def _message(answer: Any) -> Any:
    """The first choice's message. The client checks no field of what comes in, so everything is looked at here."""
    if isinstance(answer, str):
        raise ValueError(f"a page or plain text came back ({_cut(answer)}): this is no OpenAI-compatible address")
    if error := getattr(answer, "error", None):
        raise ValueError(f"it answers with an error: {_cut(error)}")
    choices = getattr(answer, "choices", None)
    if not isinstance(choices, list) or not choices:
        raise ValueError(f"the answer has no choices: {_cut(answer)}")
    message = getattr(choices[0], "message", None)
    if not hasattr(message, "content"):
        raise ValueError(f"the answer has no message: {_cut(choices[0])}")
    return message


def _cut(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 200 else f"{shown[:200]}…"


def _how(decoding: Decoding) -> dict[str, Any]:
    """What a server is told of how to write; the rest is its own business."""
    keys = ("max_new_tokens", "temperature", "samples", "seed", "chat_template_kwargs")
    return {key: getattr(decoding, key) for key in keys}


def _verdict_logprob(known: Any) -> float | None:
    if not isinstance(known, list) or not all(_is_token(token) for token in known):
        return None
    pieces = [
        bytes(token.bytes) if token.bytes is not None else token.token.encode(errors="replace") for token in known
    ]

    def decode(count: int) -> str:
        return b"".join(pieces[:count]).decode("utf-8", "replace")

    return verdict_logprob(decode, [token.logprob for token in known], decode(len(pieces)))


def _is_token(token: Any) -> bool:
    """Whether it has a log-probability, and bytes or text that they can be made of."""
    given, text, logprob = (getattr(token, name, None) for name in ("bytes", "token", "logprob"))
    if not isinstance(logprob, int | float) or not math.isfinite(logprob):
        return False
    if given is None:
        return isinstance(text, str)
    return isinstance(given, list) and all(type(byte) is int and 0 <= byte < 256 for byte in given)


def _seed_of(case: str, sample: int, seed: int) -> int:
    named = json.dumps([seed, case, sample])
    return int.from_bytes(hashlib.sha256(named.encode()).digest()[:4], "big") >> 1
