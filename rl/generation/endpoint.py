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

from data import Case, DataError, Rulebook
from data.media.images import MAX_SIDE
from prompts import render
from prompts.parse import END_THINK, THINK
from rewards.model_based.judge.request import content
from rl.generation.completions import Completion, Key
from rl.generation.verdict_logprob import verdict_logprob

if TYPE_CHECKING:
    from openai import OpenAI

    from rl.config.decoding import Decoding

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

    def ask(
        self, cases: Sequence[Case], book: Rulebook, decoding: "Decoding", missing: Collection[Key]
    ) -> Iterator[dict[Key, Completion]]:
        """The missing completions as they come in.

        Raises:
            DataError: a picture cannot be read, or a request failed for good; what came in before has been given out.
        """
        from openai import OpenAI

        template = decoding.template or "default"
        by_id = {case.id: case for case in cases}
        waiting = iter([(by_id[case], sample) for case, sample in missing])
        client = OpenAI(
            base_url=self.url, api_key=os.environ.get(KEY) or "none", timeout=self.timeout, max_retries=self.retries
        )

        extras: dict[str, Any] = {"logprobs": True}

        def one(case: Case, sample: int) -> dict[Key, Completion]:
            body = self._body(case, book, template, decoding, sample)
            return {(case.id, sample): completion_of(self._answer(client, case, body, extras))}

        with client, ThreadPoolExecutor(self.concurrency) as pool:
            running: set[Future[dict[Key, Completion]]] = set()
            failed: Future[dict[Key, Completion]] | None = None
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

    def _body(self, case: Case, book: Rulebook, template: str, decoding: "Decoding", sample: int) -> dict[str, Any]:
        messages = render(case, book.excerpt(case.rules), template)
        return {
            "model": self.model,
            "messages": [{**message, "content": content(message["content"], MAX_SIDE)} for message in messages],
            "max_tokens": decoding.max_new_tokens,
            "temperature": decoding.temperature,
            "seed": _seed_of(case, sample, decoding.seed),
        }

    def _answer(self, client: "OpenAI", case: Case, body: dict[str, Any], extras: dict[str, Any]) -> Any:
        """The server's answer; ``extras`` are what it may refuse, and is not asked for again once it has."""
        from openai import BadRequestError, OpenAIError

        try:
            try:
                return client.chat.completions.create(**body, **extras)
            except BadRequestError:
                extras.clear()
                return client.chat.completions.create(**body)
        except OpenAIError as error:
            message = f"case '{case.id}': the endpoint gave no completion: {error}"
            raise DataError(f"{message}; what came in is kept, run again for the rest", file=self.url) from error


def completion_of(answer: Any) -> Completion:
    """A server's answer as a completion; reasoning that the server keeps apart is put back where the model wrote it.

    A server that cuts a completion off before it says anything gives an empty one, which is no ruling.
    """
    if not answer.choices:
        return Completion("")
    choice = answer.choices[0]
    text = choice.message.content or ""
    reasoning = getattr(choice.message, "reasoning_content", None) or getattr(choice.message, "reasoning", None)
    if isinstance(reasoning, str) and THINK not in text:
        text = f"{THINK}{reasoning}{END_THINK}{text.lstrip()}"
    text = text.encode("utf-8", "replace").decode()  # halves of surrogate pairs cannot be written to a file
    tokens = answer.usage.completion_tokens if answer.usage else None
    known = choice.logprobs.content if choice.logprobs and choice.logprobs.content else []
    return Completion(text, tokens, _verdict_logprob(known))


def _verdict_logprob(known: Sequence[Any]) -> float | None:
    pieces = [bytes(token.bytes) if token.bytes is not None else token.token.encode() for token in known]

    def decode(count: int) -> str:
        return b"".join(pieces[:count]).decode("utf-8", "replace")

    return verdict_logprob(decode, [token.logprob for token in known], decode(len(pieces)))


def _seed_of(case: Case, sample: int, seed: int) -> int:
    named = json.dumps([seed, case.id, sample])
    return int.from_bytes(hashlib.sha256(named.encode()).digest()[:4], "big") >> 1
