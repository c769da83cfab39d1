"""MHTML: a page with all that it shows in one file, as browsers save it: a mail with the page, its frames and pictures
as parts."""

from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from pathlib import Path

from data.errors import DataError

ENDINGS = (".mhtml", ".mht")
STARTS = (b"mime-version:", b"from: <saved by", b"content-type: multipart/related", b"snapshot-content-location:")
MAX_BYTES = 64_000_000
"""Of the file, pictures and all."""
MOST_PARTS = 10_000
_HTML = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True)
class Part:
    """HTML as it lies in the file."""

    html: bytes
    charset: str | None
    """The encoding that the file names."""


@dataclass(frozen=True)
class Archive:
    """A page and its frames."""

    page: Part
    frames: dict[str, Part]
    """By what an ``<iframe>`` has as its ``src``: ``cid:…``, or the address."""


def is_mhtml(path: str | Path, start: bytes) -> bool:
    """Whether a file is a page saved as one mail, by its name or by its first bytes."""
    return Path(path).suffix.lower() in ENDINGS or start.lstrip().lower().startswith(STARTS)


def read_mhtml(content: bytes, path: str | Path) -> Archive:
    """The page in a file; nothing of it is run or fetched.

    Raises:
        DataError: it holds no page, or it is damaged.
    """
    try:
        mail = message_from_bytes(content)
        parts = [part for number, part in enumerate(mail.walk()) if number < MOST_PARTS and _is_html(part)]
        read = [(part, Part(_payload(part), part.get_content_charset())) for part in parts]
    except (MessageError, RecursionError, LookupError, ValueError) as error:
        raise DataError(f"not MHTML, or a damaged file: {error}", file=path) from error
    if not read:
        raise DataError("MHTML without a page in it: no part is HTML", file=path)
    wanted = {str(mail.get_param("start", "")), str(mail.get("Snapshot-Content-Location", "")).strip()} - {""}
    page = next((html for part, html in read if wanted & set(_names(part))), read[0][1])
    frames: dict[str, Part] = {}
    for part, html in read:
        if html is not page:
            for name in _names(part):
                frames.setdefault(f"cid:{name[1:-1]}" if name.startswith("<") else name, html)
    return Archive(page, frames)


def _is_html(part: Message) -> bool:
    return not part.is_multipart() and part.get_content_type() in _HTML


def _payload(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _names(part: Message) -> list[str]:
    """What a part is called by: its ``<id>`` and its address."""
    return [name for key in ("Content-ID", "Content-Location") if (name := str(part.get(key, "")).strip())]
