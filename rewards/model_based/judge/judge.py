"""Judge: a reward that puts yes/no questions about a ruling to any server that speaks the OpenAI API."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from pydantic import Field

from data import DataError, Ruling
from rewards.batch import BatchReward, Item
from rewards.model_based.judge.breaker import CircuitBreaker
from rewards.model_based.judge.cache import AnswerCache, default_cache
from rewards.model_based.judge.client import Client
from rewards.model_based.judge.messages import messages
from rewards.model_based.judge.questions import Inquiry, inquire
from rewards.model_based.judge.request import Answer, Request, make_request
from rewards.score import Outcome, Score
from rewards.settings import check_settings

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


@dataclass(kw_only=True, eq=False)
class Judge(BatchReward):
    """How many of the questions about a ruling are answered in its favour, 0..1; see `judge.questions`.

    Everything a judge reads is data to it (`judge.messages`), and its value depends on its yes and no alone. An answer
    is kept on disk, by the hash of the whole request: the same ruling on the same case costs one call, now and in any
    later run. A fault (no answer in time, too many retries, an answer that is not the JSON asked for)
    leaves the ruling unscored.

    Example:
        ``craft: {judge: {weight: 0.1, base_url: "http://localhost:8000/v1", model: "Qwen/Qwen3-8B"}}``
    """

    name: ClassVar[str] = "judge"

    base_url: str
    """Where the server is, up to and with ``/v1``."""
    model: str
    """What the server calls the model."""
    api_key_env: str | None = None
    """Environment variable with the API key; None for a server that wants none."""
    images: bool = False
    """Show the case's pictures: for multimodal judges. Otherwise the judge is told that it does not see them."""
    picture_side: Count = 1024
    """Pixels that the longer side of a picture is scaled down to."""
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
        check_settings(Judge, vars(self), self.name)  # a rubric has done so; Python code has not
        if not self.base_url.startswith(("http://", "https://")):
            raise DataError(
                f"want an http(s) address such as http://localhost:8000/v1, not '{self.base_url}'", field="base_url"
            )
        key = os.environ.get(self.api_key_env) if self.api_key_env else "none"
        if not key:
            raise DataError(f"the environment variable {self.api_key_env} is not set", field="api_key_env")
        self._cache = AnswerCache(self.cache) if self.cache else None
        self._client = Client(
            base_url=self.base_url,
            api_key=key,
            timeout=self.timeout,
            batch_timeout=self.batch_timeout,
            retries=self.retries,
            concurrency=self.concurrency,
            breaker=CircuitBreaker(self.failures, self.pause),
        )

    def score_batch(self, items: Sequence[Item]) -> Sequence[Outcome | Exception]:
        """One Score for each item, or the fault that there is none."""
        inquiries = [inquire(_parsed(item), item.case, item.excerpt) for item in items]
        requests = [self._request(item, inquiry) for item, inquiry in zip(items, inquiries, strict=True)]
        answers = self._answers({request.key: request for request in requests if isinstance(request, Request)})
        outcomes: list[Outcome | Exception] = []
        for inquiry, request in zip(inquiries, requests, strict=True):
            answer = answers[request.key] if isinstance(request, Request) else request
            outcomes.append(answer if isinstance(answer, Exception) else _worth(inquiry, answer))
        return outcomes

    def _request(self, item: Item, inquiry: Inquiry) -> Request | DataError | dict[str, Answer]:
        """What to ask about an item; no answers where there is nothing to ask."""
        if not inquiry.questions:
            return {}
        settings = {
            "model": self.model,
            "temperature": 0.0,
            "max_completion_tokens": self.tokens_per_answer * len(inquiry.questions),
            "extra_body": self.extra_body,
        }
        shown = messages(_parsed(item), item.case, item.excerpt, inquiry, pictures=self.images)
        try:
            return make_request(self.base_url, shown, inquiry.questions, settings, self.picture_side)
        except DataError as error:  # a picture that cannot be read: of this case, not of the others
            return error

    def _answers(self, requests: Mapping[str, Request]) -> dict[str, dict[str, Answer] | Exception]:
        """The answers to different requests, from the cache where it has them."""
        known = self._cache.get(requests) if self._cache else {}
        unknown = {key: request for key, request in requests.items() if key not in known}
        answers: dict[str, dict[str, Answer] | Exception] = {
            key: requests[key].read(text) for key, text in known.items()
        }
        if unknown:
            answers |= self._client.ask(unknown, self._cache.put if self._cache else _forget)
        return answers


def _parsed(item: Item) -> Ruling:
    assert isinstance(item.ruling, Ruling), "a parse failure is not put to a judge"
    return item.ruling


def _worth(inquiry: Inquiry, answers: Mapping[str, Answer]) -> Score:
    yes = {name: float(answer.answer == "yes") for name, answer in answers.items()}
    return inquiry.score(yes, {name: answer.because for name, answer in answers.items()})


def _forget(key: str, answer: str) -> None:
    """Keeps nothing."""
