"""Endpoint: a model behind a server that speaks the OpenAI API (vLLM, SGLang, ``transformers serve``, a vendor's).

Each completion is a request of its own, so that servers that know nothing of ``n`` give samples too, and a seed per
case and sample makes them the same again where the server heeds it.
"""

import hashlib
import json
from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from data import Brief, Briefs, DataError
from data.address import Address, key_in
from prompts import Episode
from rl.config.decoding import Decoding
from rl.desk import Desks
from rl.generation.engine import Key
from rl.generation.inquiry import Inquiry
from rl.generation.prompts_once import PromptsOnce
from rl.generation.server import KEY, Server
from rl.runs.provenance import provenance

OURS = {
    "model",
    "messages",
    "n",
    "stream",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "seed",
    "logprobs",
    "tools",
}
"""What a request says by itself."""


@dataclass(frozen=True)
class Endpoint:
    """A model behind a server. The key, if it wants one, is read from ``OPENAI_API_KEY``.

    Raises:
        DataError: the URL is none, or ``extra_body`` holds what requests say by themselves.
    """

    url: str = field(repr=False)
    """Base address: ``http://localhost:8000/v1``. User info and a query are sent, and never shown or kept."""
    model: str
    """What the server calls the model."""
    concurrency: int = 8
    """Requests at a time."""
    retries: int = 5
    """Further tries after the server failed (5xx) or could not be reached, ever longer apart; one after a timeout."""
    timeout: float = 600.0
    """Seconds that one try may take."""
    max_errors: int | None = None
    """Requests that may be refused or fail before the run is stopped; a tenth, and at least 20, if None."""
    extra_body: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What every request says besides, as the server has it: ``{"top_k": 5}``. It is kept with the run."""
    desks: Desks | None = field(default=None, hash=False)
    """What the model may look things up with; see `rl.generation.episodes.at_desk`."""

    def __post_init__(self) -> None:
        Address.of(self.url)
        if taken := OURS & self.extra_body.keys():
            raise DataError(f"'{min(taken)}' has an option of its own", field="extra_body")
        if self.desks is not None and self.concurrency > 1:
            self.desks.check_parallel()

    @property
    def name(self) -> str:
        return self.model.rpartition("/")[2]

    @property
    def template(self) -> str | None:
        return None

    def identity(self, decoding: Decoding) -> dict[str, Any]:
        how = {"template": decoding.template, **_how(decoding)}
        shown = Address.of(self.url).shown
        return {"endpoint": shown, "model": self.model, "decoding": how, **self._extra(), **self._desk()}

    def provenance(self, decoding: Decoding) -> dict[str, Any]:
        source = {"url": Address.of(self.url).shown, "model": self.model, **self._extra()}
        facts = provenance(template=decoding.template, decoding=_how(decoding), endpoint=source)
        return {**facts, **self._desk()}

    def _desk(self) -> dict[str, Any]:
        return {"desk": self.desks.identity} if self.desks is not None else {}

    def _extra(self) -> dict[str, Any]:
        return {"extra_body": dict(self.extra_body)} if self.extra_body else {}

    def write(self, briefs: Briefs, decoding: Decoding, missing: Collection[Key]) -> Generator[list[Episode]]:
        """The missing episodes as they come in; those that are refused once something has been answered.

        Raises:
            DataError: a picture cannot be read, the server does not answer, or it refused more than it may; what came
                in before has been given out.
        """
        from anyio.from_thread import start_blocking_portal

        address = Address.of(self.url, key_in(KEY))

        def request(brief: Brief, sample: int, messages: list[dict[str, Any]]) -> dict[str, Any]:
            return self._body(brief, decoding, sample, messages)

        with (
            start_blocking_portal() as portal,
            portal.wrap_async_context_manager(Server.at(address, self.timeout, self.concurrency)) as server,
        ):
            inquiry = Inquiry(
                server,
                portal,
                PromptsOnce(briefs, decoding.template or "default", self.desks),
                request,
                list(missing),
                self.concurrency,
                self.retries,
                self.max_errors,
            )
            yield from inquiry.episodes()

    def _body(self, brief: Brief, decoding: Decoding, sample: int, messages: list[dict[str, Any]]) -> dict[str, Any]:
        variables = decoding.chat_template_kwargs
        extra = {**({"chat_template_kwargs": variables} if variables else {}), **self.extra_body}
        return {
            **({"extra_body": extra} if extra else {}),
            "model": self.model,
            "messages": messages,
            "max_tokens": decoding.max_new_tokens,
            "temperature": decoding.temperature,
            "seed": _seed_of(brief.id, sample, decoding.seed),
            "logprobs": True,
            **({"tools": self.desks.schemas} if self.desks is not None else {}),
        }


def _how(decoding: Decoding) -> dict[str, Any]:
    """What a server is told of how to write; the rest is its own business."""
    keys = ("max_new_tokens", "temperature", "samples", "seed", "chat_template_kwargs")
    return {key: getattr(decoding, key) for key in keys}


def _seed_of(case: str, sample: int, seed: int) -> int:
    named = json.dumps([seed, case, sample])
    return int.from_bytes(hashlib.sha256(named.encode()).digest()[:4], "big") >> 1
