"""Saved pages: an HTML or MHTML file, as browsers save it, or the page's record in a WARC file, as archives do."""

import codecs
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError
from data.files import at_file
from data.media.page.mhtml import MAX_BYTES as MAX_MHTML
from data.media.page.mhtml import is_mhtml, read_mhtml
from data.media.page.sections import sections_of
from data.page import Section

if TYPE_CHECKING:
    from warcio.recordloader import ArcWarcRecord

MAX_BYTES = 16_000_000
"""Of a page's HTML."""
MAX_ARCHIVE = 1_000_000_000
MOST_RECORDS = 100_000

_OTHERS = {
    b"%PDF": "a PDF", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"PK\x03\x04": "a ZIP archive",
    b"RIFF": "no page", b"GIF8": "a picture",
}  # fmt: skip
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

_ON_THE_WEB = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs",
    "unicode-escape": "utf-8", "raw-unicode-escape": "utf-8", "utf-7": "utf-8", "punycode": "utf-8", "idna": "utf-8",
}  # fmt: skip
"""What browsers take an encoding for, by Python's name: who says Latin-1 means Windows-1252, euro sign and all."""


def read_page(path: str | Path, address: str | None = None) -> list[Section]:
    """The sections of a saved page; at least one.

    Args:
        address: which record of a WARC file it is; the first page in it if None.

    Raises:
        DataError: the file is missing, too large, or no page; there is no text in it; or the WARC file holds no such
            record.
    """
    if not os.path.isfile(path):
        raise DataError("no such page", file=path)
    with at_file(path, "read"), open(path, "rb") as file:
        start = file.read(512)
    frames: dict[str, str] = {}
    if start.startswith((b"WARC/", b"\x1f\x8b")):
        page = _decoded(*_from_warc(path, address))
    elif is_mhtml(path, start):
        page, frames = _from_mhtml(path)
    else:
        page = _decoded(_whole(path), None)
    try:
        sections = sections_of(page, frames)
    except DataError as error:
        raise DataError(error.message, file=path) from error
    if not sections:
        raise DataError("no text on the page: if scripts write it, capture it with `ruling data capture`", file=path)
    return sections


def _whole(path: str | Path) -> bytes:
    _check_size(os.path.getsize(path), path)
    with at_file(path, "read"):
        html = Path(path).read_bytes()
    kind = next((kind for start, kind in _OTHERS.items() if html.lstrip()[:64].startswith(start)), None)
    # UTF-16 is full of zeros, and says what it is.
    if kind is None and b"\0" in html[:4096] and not html.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        kind = "a binary file"
    if kind is not None:
        raise DataError(f"{kind}, not HTML: save it as HTML, or capture it with `ruling data capture`", file=path)
    return html


def _check_size(size: int, path: str | Path, most: int = MAX_BYTES) -> None:
    if size > most:
        raise DataError(f"{size:,} bytes, and a page has at most {most:,}: save the part that matters", file=path)


def _from_mhtml(path: str | Path) -> tuple[str, dict[str, str]]:
    """The HTML of the page and of its frames."""
    _check_size(os.path.getsize(path), path, MAX_MHTML)
    with at_file(path, "read"):
        archive = read_mhtml(Path(path).read_bytes(), path)
    _check_size(len(archive.page.html) + sum(len(part.html) for part in archive.frames.values()), path)
    frames = {name: _decoded(part.html, part.charset) for name, part in archive.frames.items()}
    return _decoded(archive.page.html, archive.page.charset), frames


def _from_warc(path: str | Path, address: str | None) -> tuple[bytes, str | None]:
    """The HTML of a record, and the encoding that the server named."""
    try:
        from warcio.archiveiterator import ArchiveIterator
    except ImportError as error:
        raise DataError("WARC files are read with warcio: pip install 'ruling[media]'", file=path) from error
    _check_size(os.path.getsize(path), path, MAX_ARCHIVE)
    try:
        with at_file(path, "read"), open(path, "rb") as file:
            for number, record in enumerate(ArchiveIterator(file)):
                if number >= MOST_RECORDS:
                    break
                if _is_page(record, address):
                    # A small record may unpack into a large one, so that no more is read than a page may have.
                    html = record.content_stream().read(MAX_BYTES + 1)
                    _check_size(len(html), path)
                    named = re.search(r"charset=([\w.:-]+)", record.http_headers.get_header("Content-Type") or "")
                    return html, named[1] if named else None
    except DataError:
        raise
    except Exception as error:  # what reads it raises nearly anything on damaged bytes
        raise DataError(f"not a WARC file, or a damaged one: {error}", file=path) from error
    of = f" of {address}" if address else ""
    raise DataError(f"there is no page{of} among its records: no response in HTML with status 200", file=path)


def _is_page(record: "ArcWarcRecord", address: str | None) -> bool:
    if record.rec_type != "response" or record.http_headers is None:
        return False
    if address is not None and record.rec_headers.get_header("WARC-Target-URI") != address:
        return False
    kind = record.http_headers.get_header("Content-Type") or ""
    return record.http_headers.get_statuscode() == "200" and "html" in kind.lower()


def _decoded(html: bytes, charset: str | None) -> str:
    """The text, by its mark, what the server or the page says, UTF-8 where it is that, else Windows-1252, as browsers
    do; what fits none is replaced."""
    said = next((name for mark, name in _MARKS if html.startswith(mark)), charset)
    if said is None and (found := _CHARSET.search(html[:4096])):
        said = found[1].decode("ascii")
        said = "utf-8" if re.match("utf.?(16|32)", said, re.IGNORECASE) else said  # else it could not be read there
    if said is not None and said.lower() not in ("utf-8", "utf8"):
        try:
            name = codecs.lookup(said).name
            return html.decode(_ON_THE_WEB.get(name, name), "replace")
        except (LookupError, UnicodeError):  # no such encoding, or none of text
            pass
    try:
        return html.decode("utf-8")
    except UnicodeDecodeError:
        return html.decode("utf-8" if said else "cp1252", "replace")
