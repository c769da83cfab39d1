"""ServerReward: what rewards that ask a language model behind a server have in common.

Everything that others wrote is data to it (`judge.document`), and nothing but its choices counts (`judge.form`). An
answer is kept on disk, by the hash of the whole request: what is asked again costs no call, now or in a later run. A
fault (no answer in time, too many retries, an answer that cannot be read) leaves the ruling unscored.

No completion is unscored for its own length. How much of a ruling is shown is bounded, and a ruling of which more
would have to be shown earns the low end, unasked. What is left to go wrong by length is the case's.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from data import DataError, Ruling
from data.address import Address, key_in
from prompts import Message
from rewards.batch import BatchReward, Item
from rewards.model_based.judge.breaker import CircuitBreaker
from rewards.model_based.judge.cache import AnswerCache, default_cache
from rewards.model_based.judge.client import Client
from rewards.model_based.judge.document import as_json
from rewards.model_based.judge.form import Answer, Form, Unreadable
from rewards.model_based.judge.request import Request, make_request
from rewards.score import Outcome, Score
from rewards.settings import check_settings

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Worth = Callable[[Mapping[str, Answer]], Score]


@dataclass(frozen=True)
class Consultation:
    """What a server is asked about one ruling."""

    messages: Sequence[Message]
    form: Form
    worth: Worth
    """What its answers are worth."""
    picture_side: int = 1024
    """Pixels that the longer side of a picture is scaled down to."""


@dataclass(kw_only=True, eq=False)
class ServerReward(BatchReward):
    """A batch reward that consults any server that speaks the OpenAI API."""

    base_url: str
    """Where the server is, up to and with ``/v1``."""
    model: str
    """What the server calls the model."""
    api_key_env: str | None = None
    """Environment variable with the API key; None for a server that wants none."""
    concurrency: Count = 8
    """Calls at a time, in each training process."""
    timeout: Positive = 20.0
    """Seconds that one try may take."""
    batch_timeout: Positive = 50.0
    """Seconds that a batch may take, retries included: what is not answered then stays unscored. Keep it below the
    rubric's time limit, at which the whole batch does.
    """
    retries: Annotated[int, Field(ge=0)] = 3
    """Further tries after 429, 5xx, a timeout or a lost connection; as the server's Retry-After says, else with
    growing pauses.
    """
    longest: Count = 16_000
    """Bytes (UTF-8) that may be shown of a ruling: about 4,000 tokens of English. One of which more would have to be
    shown earns 0, unasked. The model's context has to hold as much beside the longest case.
    """
    tokens_per_answer: Count = 128
    """Tokens allowed for each question; more for models that think before they answer."""
    extra_body: dict[str, Any] = field(default_factory=dict)
    """Further fields of the request, such as ``{chat_template_kwargs: {enable_thinking: false}}``."""
    cache: str | None = field(default_factory=lambda: str(default_cache()))
    """File that answers are kept in; None keeps none."""
    failures: Count = 5
    """Calls in a row that fail before the server is left alone..."""
    pause: Positive = 30.0
    """...for so many seconds."""

    def __post_init__(self) -> None:
        check_settings(type(self), vars(self), self.name)  # a rubric has done so; Python code has not
        key = key_in(self.api_key_env) if self.api_key_env else "none"
        if not key:
            raise DataError(f"the environment variable {self.api_key_env} is not set", field="api_key_env")
        address = Address.of(self.base_url, key, field="base_url")
        self._cache = AnswerCache(self.cache) if self.cache else None
        self._client = Client(
            address=address,
            api_key=key,
            timeout=self.timeout,
            batch_timeout=self.batch_timeout,
            retries=self.retries,
            concurrency=self.concurrency,
            breaker=CircuitBreaker(self.failures, self.pause),
        )

    @abstractmethod
    def consult(self, item: Item, ruling: Ruling) -> Consultation | Outcome:
        """What to ask about an item, whose ruling this is; or what it is worth unasked."""

    def score_batch(self, items: Sequence[Item]) -> Sequence[Outcome | Exception]:
        """One outcome for each item, or the fault that there is none."""
        consulted = [self.consult(item, _parsed(item)) for item in items]
        requests = [self._request(one) if isinstance(one, Consultation) else None for one in consulted]
        answers = self._answers({request.key: request for request in requests if isinstance(request, Request)})
        outcomes: list[Outcome | Exception] = []
        for one, request in zip(consulted, requests, strict=True):
            if not isinstance(one, Consultation):
                outcomes.append(one)
                continue
            answer = answers[request.key] if isinstance(request, Request) else request
            assert answer is not None
            outcomes.append(answer if isinstance(answer, Exception) else one.worth(answer))
        return outcomes

    def too_long(self, shown: Any) -> Score | None:
        """The low end for a ruling of which this would have to be shown, if it is too much; decided by the ruling
        alone, so that the case cannot be to blame.
        """
        size = len(as_json(shown).encode())
        if size <= self.longest:
            return None
        return Score(0.0, f"too long to be judged: {size:,} bytes would be shown, and {self.longest:,} at most are")

    def _request(self, asked: Consultation) -> Request | DataError:
        settings = {
            "model": self.model,
            "temperature": 0.0,
            "max_completion_tokens": self.tokens_per_answer * len(asked.form.names),
            "extra_body": self.extra_body,
        }
        try:
            return make_request(self._client.address.shown, asked.messages, asked.form, settings, asked.picture_side)
        except DataError as error:  # a picture that cannot be read: of this case, not of the others
            return error

    def _answers(self, requests: Mapping[str, Request]) -> dict[str, dict[str, Answer] | Exception]:
        """The answers to different requests, from the cache where it has them."""
        answers: dict[str, dict[str, Answer] | Exception] = {}
        for key, text in (self._cache.get(requests) if self._cache else {}).items():
            with suppress(Unreadable):  # kept by a version that read more: asked anew
                answers[key] = requests[key].form.read(text)
        unknown = {key: request for key, request in requests.items() if key not in answers}
        if unknown:
            answers |= self._client.ask(unknown, self._cache.put if self._cache else _forget)
        return answers


def _parsed(item: Item) -> Ruling:
    assert isinstance(item.ruling, Ruling), "a parse failure is not put to a judge"
    return item.ruling


def _forget(key: str, answer: str) -> None:
    """Keeps nothing."""
