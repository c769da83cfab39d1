"""Saved pages: HTML in any encoding, records of archives, and a clear error for whatever is no page."""

import gzip
import io
from pathlib import Path

import pytest

pytest.importorskip("selectolax")
pytest.importorskip("warcio")

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from data import DataError
from data.media.page import read_page
from data.media.page.saved import MAX_BYTES


def text_of(path: Path, address: str | None = None) -> str:
    return " ".join(section.whole for section in read_page(path, address))


@pytest.mark.parametrize(
    "html",
    [
        "<p>Café für 5 €".encode(), "<p>Café für 5 €".encode("utf-16"), "<p>Café für 5 €".encode("utf-8-sig"),
        "<p>Café für 5 €".encode("cp1252"), '<meta charset="iso-8859-15"><p>Café für 5 €'.encode("iso-8859-15"),
        '<meta charset="nonsense"><p>Café für 5 €'.encode(),
        '<meta charset="iso-8859-1"><p>Café für 5 €'.encode("cp1252"),
        '<meta charset="utf-16"><p>Café für 5 €'.encode(), '<meta charset="unicode_escape"><p>Café für 5 €'.encode(),
    ],
)  # fmt: skip
def test_encodings(tmp_path: Path, html: bytes) -> None:
    (tmp_path / "a.html").write_bytes(html)
    assert text_of(tmp_path / "a.html") == "Café für 5 €"


def write_warc(path: Path, *records: tuple[str, str, str, bytes], zipped: bool = True) -> Path:
    """Records of an address, a status, a type and a content."""
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=zipped)
        for address, status, kind, content in records:
            headers = StatusAndHeaders(status, [("Content-Type", kind)], protocol="HTTP/1.1")
            writer.write_record(
                writer.create_warc_record(address, "response", payload=io.BytesIO(content), http_headers=headers)
            )
    return path


@pytest.mark.parametrize("zipped", [True, False])
def test_records_of_archives(tmp_path: Path, zipped: bool) -> None:
    path = write_warc(
        tmp_path / "a.warc",
        ("http://a.example/", "302 Found", "text/html", b"<p>moved"),
        ("http://a.example/i.png", "200 OK", "image/png", b"picture"),
        ("http://a.example/tea", "200 OK", "text/html; charset=iso-8859-1", "<p>Café".encode("latin-1")),
        ("http://b.example/", "200 OK", "text/html", b"<p>Other"),
        zipped=zipped,
    )
    assert text_of(path) == "Café" and text_of(path, "http://b.example/") == "Other"
    with pytest.raises(DataError, match=r"no page of http://c\.example/ among its records"):
        read_page(path, "http://c.example/")


def test_an_archive_that_unpacks_without_end_is_an_error(tmp_path: Path) -> None:
    bomb = write_warc(tmp_path / "a.warc.gz", ("http://a/", "200 OK", "text/html", b"<p>" + bytes(MAX_BYTES + 10)))
    assert bomb.stat().st_size < 100_000
    with pytest.raises(DataError, match="a page has at most"):
        read_page(bomb)


def test_a_record_that_does_not_say_whose_it_is_is_an_error(tmp_path: Path) -> None:
    path = write_warc(tmp_path / "a.warc", ("http://a/", "200 OK", "text/html", b"<p>tea"), zipped=False)
    path.write_bytes(path.read_bytes().replace(b"WARC-Target-URI", b"WARC-Target-URX"))
    with pytest.raises(DataError, match=r"a\.warc: not a WARC file, or a damaged one"):
        read_page(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no text on the page"),
        (b"<script>document.write('x')</script>", "no text on the page: if scripts write it, capture it"),
        (b"%PDF-1.7 ...", "a PDF, not HTML"),
        (b"\x89PNG\r\n\x1a\n", "a picture, not HTML"),
        (b"From: <Saved by Blink>\r\n", "MHTML without a page in it"),
        (b"\x00\x01\x02" * 100, "a binary file, not HTML"),
        (gzip.compress(b"<p>tea", mtime=0), "not a WARC file, or a damaged one|no page among its records"),
        (b"WARC/1.0\r\nnonsense\r\n\r\n", "not a WARC file, or a damaged one|no page among its records"),
        (b"<p>" + b" " * MAX_BYTES, "bytes, and a page has at most 16,000,000"),
    ],
)
def test_what_is_no_page_is_an_error_that_names_it(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.html").write_bytes(content)
    with pytest.raises(DataError, match=rf"a\.html: .*({message})"):
        read_page(tmp_path / "a.html")


def test_a_page_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such page"):
        read_page(tmp_path / "gone.html")
