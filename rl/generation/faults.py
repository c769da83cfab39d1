"""Faults: why a request got no answer, told apart by what is to be done about it.

A server that will not answer a case (a content filter, a prompt too long) has said something about that case:
`Refused`. Where money or patience has run out, no request will fare better: `Hopeless`. Anything else is `Failed`: it
may be the server's trouble or the case's, and one request alone cannot tell. None of them is an answer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data.address import Address


class Unanswered(Exception):
    """A request that got no answer; its text says why, and holds no secret."""


class Refused(Unanswered):
    """The server will not have this case answered."""


class Failed(Unanswered):
    """Something went wrong.

    Args:
        soon: whether another try, a little later, may do better.
        headers: of the server's answer, which may say when.
    """

    def __init__(self, reason: str, *, soon: bool, headers: Mapping[str, str] | None = None):
        super().__init__(reason)
        self.soon, self.headers = soon, headers or {}


class Late(Failed):
    """No answer in time."""

    def __init__(self, reason: str):
        super().__init__(reason, soon=True)


class Limited(Failed):
    """Too many requests (429): another try will do, later."""

    def __init__(self, reason: str, headers: Mapping[str, str] | None = None):
        super().__init__(reason, soon=True, headers=headers)


class Denied(Failed):
    """The key, the address or the model is said to be wrong: of every request, or of one that something between here
    and the server minds."""

    def __init__(self, reason: str):
        super().__init__(reason, soon=False)


class Hopeless(Unanswered):
    """No request will be answered as things are."""


class Mistaken(Failed):
    """The server minds the request itself (400, 422): the case, or a parameter.

    Args:
        said: what it says.
    """

    def __init__(self, reason: str, said: "Said"):
        super().__init__(reason, soon=False)
        self.said = said


@dataclass(frozen=True)
class Said:
    """What a server says went wrong."""

    text: str
    """All of it, secrets hidden."""
    status: int | None = None
    """Of HTTP; None where the error stands in the body of what calls itself a success."""
    code: str = ""
    """The server's own name for it."""
    parameter: str = ""
    """The parameter that it minds, if it names one."""

    @classmethod
    def of(cls, body: Any, address: Address, status: int | None = None) -> "Said":
        """Reads an error's body, of whatever shape."""
        error = body.get("error", body) if isinstance(body, Mapping) else body
        fields = error if isinstance(error, Mapping) else {}
        inner = fields.get("innererror")
        codes = [fields.get("code"), fields.get("type"), inner.get("code") if isinstance(inner, Mapping) else None]
        message = fields.get("message") or fields.get("detail") or error
        parameter = fields.get("param")
        return cls(
            short(message, address),
            status,
            " ".join(code for code in codes if isinstance(code, str)),
            parameter if isinstance(parameter, str) else "",
        )

    def fault(self, headers: Mapping[str, str] | None = None) -> Unanswered:
        """What kind of fault it is."""
        whole = f"{self.code} {self.text}"
        reason = self.text if self.status is None else f"HTTP {self.status}: {self.text}"
        if _NO_MONEY.search(whole) or self.status == 402:
            return Hopeless(reason)
        if self.status in _DENIED:
            return Denied(reason)
        if self.status == 429:
            return Limited(reason, headers)
        if self.status in _ABOUT_THE_CASE or ((self.status or 400) < 500 and _REFUSES.search(whole)):
            return Refused(reason)
        if self.status in (400, 422) or (self.status is None and _MINDS.search(whole)):
            return Mistaken(reason, self)
        return Failed(reason, soon=self.status in _BUSY, headers=headers)


_DENIED = (401, 404, 405)
_ABOUT_THE_CASE = (413, 451)
_BUSY = (None, 408, 409, 425, *range(500, 600))
"""None: an error in the body of a success comes from a server behind the one that was asked."""
_NO_MONEY = re.compile(r"insufficient_quota|billing_hard_limit|exceeded your current quota", re.I)
_REFUSES = re.compile(
    r"content[_ -]?(filter|policy|management)|responsible\w*ai|inspection_?failed|moderation|safety (system|filter)"
    r"|prohibited_content|blocked by|context[_ ]?(length|window)|maximum (context|model|input|prompt)"
    r"|(prompt|input|request|string|content|message)s?( is| are)? too (long|large)|string_above_max_length"
    r"|longer than (the )?(maximum|model)|exceeds? (the )?\w*_?(context|max\w*) ?\w*(length|tokens|limit|window)"
    r"|max_model_len|too many (images|tokens)|image.{0,40}(too large|not supported)",
    re.I,
)
"""How servers say that it is the case that they will not take: by its content, or its length."""
_MINDS = re.compile(
    r"unsupported|not supported|unknown (parameter|argument)|unrecognized|not permitted|extra input", re.I
)


def short(value: Any, address: Address, most: int = 200) -> str:
    """The beginning of what a server said, on one line. Secrets are hidden first: half a key is one too."""
    text = address.hide(value if isinstance(value, str) else repr(value))
    text = " ".join(text[: 4 * most].split())
    return text if len(text) <= most else f"{text[:most]}…"
