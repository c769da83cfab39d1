"""Endpoint: a model behind a server that speaks the OpenAI API (vLLM, SGLang, ``transformers serve``, a vendor's).

Each completion is a request of its own, so that servers that know nothing of ``n`` give samples too, and a seed per
case and sample makes them the same again where the server heeds it.
"""

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Sequence
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
            return [episode_of(self._answer(client, brief, body, extras), brief.id, sample)]

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
        return {
            "model": self.model,
            "messages": [message.for_server() for message in messages],
            "max_tokens": decoding.max_new_tokens,
            "temperature": decoding.temperature,
            "seed": _seed_of(brief.id, sample, decoding.seed),
        }

    def _answer(self, client: "OpenAI", brief: Brief, body: dict[str, Any], extras: dict[str, Any]) -> Any:
        """The server's answer; ``extras`` are what it may refuse, and is not asked for again once it has."""
        from openai import BadRequestError, OpenAIError

        try:
            try:
                return client.chat.completions.create(**body, **extras)
            except BadRequestError:
                extras.clear()
                return client.chat.completions.create(**body)
        except OpenAIError as error:
            message = f"case '{brief.id}': the endpoint gave no completion: {error}"
            raise DataError(f"{message}; what came in is kept, run again for the rest", file=self.url) from error


def episode_of(answer: Any, case: str, sample: int) -> Episode:
    """A server's answer as an episode; reasoning that the server keeps apart is put back where the model wrote it.

    A server that cuts a completion off before it says anything gives an empty one, which is no ruling.
    """
    if not answer.choices:
        return Episode.plain(case, "", sample)
    choice = answer.choices[0]
    text = choice.message.content or ""
    reasoning = getattr(choice.message, "reasoning_content", None) or getattr(choice.message, "reasoning", None)
    if isinstance(reasoning, str) and THINK not in text:
        text = f"{THINK}{reasoning}{END_THINK}{text.lstrip()}"
    text = text.encode("utf-8", "replace").decode()  # halves of surrogate pairs cannot be written to a file
    tokens = answer.usage.completion_tokens if answer.usage else None
    known = choice.logprobs.content if choice.logprobs and choice.logprobs.content else []
    return Episode(case, (Turn(text, tokens=tokens),), sample, _verdict_logprob(known))


def _how(decoding: Decoding) -> dict[str, Any]:
    """What a server is told of how to write; the rest is its own business."""
    return {key: getattr(decoding, key) for key in ("max_new_tokens", "temperature", "samples", "seed")}


def _verdict_logprob(known: Sequence[Any]) -> float | None:
    pieces = [bytes(token.bytes) if token.bytes is not None else token.token.encode() for token in known]

    def decode(count: int) -> str:
        return b"".join(pieces[:count]).decode("utf-8", "replace")

    return verdict_logprob(decode, [token.logprob for token in known], decode(len(pieces)))


def _seed_of(case: str, sample: int, seed: int) -> int:
    named = json.dumps([seed, case, sample])
    return int.from_bytes(hashlib.sha256(named.encode()).digest()[:4], "big") >> 1
