"""A request to a judge's server as it goes over the wire, and the answer as it must come back."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, create_model

from prompts import Message
from rewards.model_based.judge.questions import Question


class Answer(BaseModel):
    """A judge's answer to one question, the explanation first, so that it is thought before it is given."""

    model_config = ConfigDict(extra="forbid")

    because: str
    answer: Literal["yes", "no"]


@dataclass(frozen=True)
class Request:
    """The body of a request for a chat completion, with the form that its answer must have."""

    server: str
    body: Mapping[str, Any]
    form: type[BaseModel]

    @cached_property
    def key(self) -> str:
        """Hash of all that the answer depends on."""
        return hashlib.sha256(json.dumps([self.server, self.body], sort_keys=True).encode()).hexdigest()

    def read(self, text: str) -> dict[str, Answer]:
        """The answers by their questions' names. One code fence around them is let pass; nothing else is.

        Raises:
            ValidationError: this is not the JSON that was asked for.
        """
        text = text.strip()
        if text.startswith("```") and text.endswith("```"):
            text = text[3:-3].removeprefix("json")
        answers = self.form.model_validate_json(text)
        return {name: getattr(answers, name) for name in self.form.model_fields}


def make_request(
    server: str,
    messages: Sequence[Message],
    questions: Sequence[Question],
    settings: Mapping[str, Any],
    picture_side: int,
) -> Request:
    """The request that puts messages to a server.

    Args:
        server: its base address.
        settings: further fields of the body, such as ``model``.
        picture_side: pixels that the longer side of a picture is scaled down to.

    Raises:
        DataError: a picture cannot be read; names the case.
    """
    form = _form(tuple(question.name for question in questions))
    schema = {"name": "answers", "strict": True, "schema": form.model_json_schema()}
    body = {
        "messages": [message.for_server(picture_side) for message in messages],
        "response_format": {"type": "json_schema", "json_schema": schema},
        **settings,
    }
    return Request(server, body, form)


@lru_cache(maxsize=256)
def _form(names: tuple[str, ...]) -> type[BaseModel]:
    fields: dict[str, Any] = {name: (Answer, ...) for name in names}
    return create_model("Answers", __config__=ConfigDict(extra="forbid"), **fields)
