"""A request to a judge's server as it goes over the wire, with the form in which it must be answered."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from prompts import Message
from rewards.model_based.judge.form import Form


@dataclass(frozen=True)
class Request:
    """The body of a request for a chat completion, and the form that its answer must have."""

    server: str
    body: Mapping[str, Any]
    form: Form

    @cached_property
    def key(self) -> str:
        """Hash of all that the answer depends on."""
        return hashlib.sha256(json.dumps([self.server, self.body], sort_keys=True).encode()).hexdigest()

    @property
    def unformatted(self) -> dict[str, Any]:
        """The body for a server that refuses ``response_format``: the messages ask for the form as well."""
        return {key: value for key, value in self.body.items() if key != "response_format"}


def make_request(
    server: str,
    messages: Sequence[Message],
    form: Form,
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
    schema = {"name": "answers", "strict": True, "schema": form.schema}
    body = {
        "messages": [message.for_server(picture_side) for message in messages],
        "response_format": {"type": "json_schema", "json_schema": schema},
        **settings,
    }
    return Request(server, body, form)
