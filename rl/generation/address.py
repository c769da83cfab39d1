"""Address: where a server is, and the part of its URL that is nobody else's business.

A URL may carry a password before the host and a key behind a question mark. Both are sent, and neither is shown: what
is printed, logged or kept names the server by `Address.shown`, and what a server says goes through `Address.hide`.
"""

import base64
import os
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from data import DataError
from rl.terminal.safe_text import without_credentials

KEY = "OPENAI_API_KEY"
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
    def of(cls, url: str) -> "Address":
        """Raises DataError where it is no address of a server."""
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
                field="endpoint",
            ) from None
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        shown = f"{parts.scheme}://{host}{f':{port}' if port is not None else ''}{parts.path}"
        userinfo, at, _ = parts.netloc.rpartition("@")
        basic = base64.b64encode(unquote(userinfo).encode()).decode()
        told = [os.environ.get(KEY, ""), basic, userinfo, *userinfo.split(":", 1), unquote(userinfo)]
        told += [unquote(part) for part in userinfo.split(":", 1)] + [parts.query, *query.values()]
        secrets = sorted({secret for secret in told if len(secret) >= _SHORTEST}, key=lambda s: (-len(s), s))
        return cls(shown, {"Authorization": f"Basic {basic}"} if at else {}, query, tuple(secrets))

    def hide(self, text: str) -> str:
        """What a server or a library said, without the secrets that it may repeat."""
        for secret in self.secrets:
            text = text.replace(secret, _HIDDEN)
        return without_credentials(text)
