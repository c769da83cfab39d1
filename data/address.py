"""Address: where a server is, and the part of its URL that is nobody else's business.

A URL may carry a password before the host and a key behind a question mark. Both are sent, and neither is shown: what
is printed, logged or kept names the server by `Address.shown`, and what a server says goes through `Address.hide`.
"""

import base64
import os
import re
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from data.errors import DataError

_HIDDEN = "•••"
_SHORTEST = 4
"""Characters: what is shorter keeps no secret, and would be hidden wherever a server happens to say it."""


@dataclass(frozen=True)
class Address:
    """A server's address.

    Example:
        >>> address = Address.of("https://me:hunter2@gateway.example/v1?code=s3cret")
        >>> address.shown
        'https://gateway.example/v1'
        >>> address.hide("hunter2 is no password, s3cret is no code")
        '••• is no password, ••• is no code'
    """

    shown: str
    """Without user info, query and fragment."""
    headers: dict[str, str] = field(repr=False)
    """What the user info becomes."""
    query: dict[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    """What no message may hold: the key, the user info and the query's values; the longest first."""

    @classmethod
    def of(cls, url: str, key: str | None = None, field: str = "endpoint") -> "Address":
        """That in a URL.

        Args:
            key: of the API, which no message may hold either.
            field: what the URL is called, for the error.

        Raises:
            DataError: it is no address of a server.
        """
        try:
            parts = urlsplit(url)
            port, query = parts.port, dict(parse_qsl(parts.query, keep_blank_values=True))
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.path:
            # Not repeated: where it cannot be read, nobody can say which part of it is a password.
            raise DataError(
                "no address of a server: give one like http://localhost:8000/v1; in a password before the host, "
                "special characters are written as %-escapes",
                field=field,
            ) from None
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        shown = f"{parts.scheme}://{host}{f':{port}' if port is not None else ''}{parts.path}"
        userinfo, at, _ = parts.netloc.rpartition("@")
        basic = base64.b64encode(unquote(userinfo).encode()).decode()
        told = [key or "", basic, userinfo, *userinfo.split(":", 1), unquote(userinfo)]
        told += [unquote(part) for part in userinfo.split(":", 1)] + [parts.query, *query.values()]
        told += [written(secret) for secret in told for written in (quote_plus, partial(quote, safe=""))]
        secrets = sorted({secret for secret in told if len(secret) >= _SHORTEST}, key=lambda s: (-len(s), s))
        return cls(shown, {"Authorization": f"Basic {basic}"} if at else {}, query, tuple(secrets))

    def hide(self, text: str) -> str:
        """What a server or a library said, without the secrets that it may repeat."""
        for secret in self.secrets:
            text = text.replace(secret, _HIDDEN)
        return without_credentials(text)


def key_in(variable: str) -> str | None:
    """The key of an API in an environment variable, without the line break that a file of keys ends in; None where
    there is none.

    Raises:
        DataError: it cannot be sent; does not repeat it.
    """
    key = os.environ.get(variable, "").strip()
    if not (key.isascii() and (key.isprintable() or not key)):
        raise DataError(f"the environment variable {variable} holds characters that no key has", field=variable)
    return key or None


_URL = re.compile(r"(?<![\w+.-])([a-zA-Z][\w+.-]*://)([^\s\"'<>/?#]*)([^\s\"'<>?#]*)([^\s\"'<>]*)")
_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(:\d*)?")


def without_credentials(text: str) -> str:
    """The text with every URL in it cut down to host and path: what stands before an ``@`` or behind a question mark
    may be a password or a key.

    Example:
        >>> without_credentials("GET https://me:hunter2@gateway.example/v1?code=s3cret failed")
        'GET https://gateway.example/v1 failed'
    """
    return _URL.sub(_bare, text)


def _bare(url: re.Match[str]) -> str:
    scheme, authority, path, _ = url.groups()
    host = authority.rpartition("@")[2]
    # Where no port follows, this was the beginning of a password that has a slash or a question mark in it.
    return f"{scheme}{host}{path}" if _HOST.fullmatch(host) else f"{scheme}…"
