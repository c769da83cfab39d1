"""Pages saved with all that they show: the page and its frames are read, and whatever is damaged is said."""

from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest

pytest.importorskip("selectolax")

from data import DataError
from data.media.page import read_page
from data.media.page.sections import MOST_FRAMES
from data.page import Section
from rewards.testing.hostile import HOSTILE

ADDRESS = "https://shop.example/tea"


def write(path: Path, *pages: tuple[str, str, str], charset: str = "utf-8", start: str = ADDRESS) -> Path:
    """Pages with their ids and addresses, as Chromium writes them; the last one is a picture."""
    mail = MIMEMultipart("related", type="text/html")
    mail["From"], mail["Snapshot-Content-Location"] = "<Saved by Blink>", start
    for name, address, html in pages:
        part = MIMEText(html, "html", charset)
        part["Content-ID"], part["Content-Location"] = f"<{name}>", address
        mail.attach(part)
    picture = MIMEImage(b"\x89PNG\r\n\x1a\n" + bytes(100), "png")
    picture["Content-Location"] = "https://shop.example/i.png"
    mail.attach(picture)
    path.write_bytes(mail.as_bytes())
    return path


@pytest.mark.parametrize("charset", ["utf-8", "cp1252", "utf-16"])
def test_a_page_is_read_with_its_frames_where_they_stand(tmp_path: Path, charset: str) -> None:
    page = "<h1>Café</h1><p>Free.</p><iframe src='cid:f-1@mhtml.blink'></iframe><p hidden><iframe src='/x'></iframe>"
    path = write(
        tmp_path / "a.mhtml",
        ("f-1@mhtml.blink", "https://pay.example/", "<h2>Terms</h2>Renews at 79 €."),
        ("f-0@mhtml.blink", ADDRESS, page),
        ("f-2@mhtml.blink", "/x", "<p>Out of sight."),
        charset=charset,
    )
    assert read_page(path) == [
        Section(title="Café", text="Free."),
        Section(title="Terms", text="Renews at 79 €."),
        Section(text="Out of sight.", hidden=True),
    ]


def test_it_is_known_by_its_first_bytes_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.html", ("f-0", ADDRESS, "<p>Tea."))
    assert [section.text for section in read_page(path)] == ["Tea."]


def test_a_frame_that_shows_itself_is_read_once(tmp_path: Path) -> None:
    looping = "<p>Tea.<iframe src='cid:f-1'></iframe><iframe src='cid:f-0'></iframe>"
    path = write(tmp_path / "a.mht", ("f-0", ADDRESS, looping), ("f-1", "https://a/", looping.replace("Tea", "Pay")))
    assert [section.text for section in read_page(path)] == ["Tea.\nPay."]


def test_frames_within_frames_are_read_to_a_number(tmp_path: Path) -> None:
    pages = [(f"f-{n}", f"https://a/{n}", f"<p>page {n}<iframe src='cid:f-{n + 1}'></iframe>") for n in range(200)]
    (section,) = read_page(write(tmp_path / "a.mhtml", *pages, start="https://a/0"))
    assert section.text.count("page") == MOST_FRAMES + 1


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_stays_text(text: str, tmp_path: Path) -> None:
    html = f"<p>Tea.</p><p>{text}</p><iframe src='cid:f-1'></iframe>"
    sections = read_page(write(tmp_path / "a.mhtml", ("f-0", ADDRESS, html), ("f-1", "https://a/", text)))
    assert sections[0].text.startswith("Tea.")


def nested(depth: int) -> bytes:
    heads = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))
    return b"MIME-Version: 1.0\n" + heads + b"Content-Type: text/html\n\n<p>tea"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "MHTML without a page"),
        (b"MIME-Version: 1.0\nContent-Type: text/plain\n\ntea", "MHTML without a page in it"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related\n\ntea", "MHTML without a page in it"),
        (b"MIME-Version: 1.0\nContent-Type: text/html\n\n<script>1</script>", "no text on the page"),
        (b"MIME-Version: 1.0\nContent-Type: text/html\n\n" + b" " * 16_000_001, "a page has at most 16,000,000"),
        (b"MIME-Version: 1.0\nContent-Type: text/html\n\n" + b" " * 64_000_000, "a page has at most 64,000,000"),
        (nested(5000), "not MHTML, or a damaged file"),
        (b"\x00\xff" * 5000, "MHTML without a page in it"),
    ],
    ids=["empty", "text", "no boundary", "script", "large page", "large file", "nested", "binary"],
)
def test_what_is_no_page_is_an_error_that_names_it(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.mhtml").write_bytes(content)
    with pytest.raises(DataError, match=rf"a\.mhtml: .*{message}"):
        read_page(tmp_path / "a.mhtml")


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "x-uuencode", "nonsense"])
def test_damaged_encodings_are_text_or_an_error(tmp_path: Path, encoding: str) -> None:
    head = f"MIME-Version: 1.0\nContent-Type: text/html; charset=no-such\nContent-Transfer-Encoding: {encoding}\n\n"
    (tmp_path / "a.mhtml").write_bytes(head.encode() + b"<p>t\xffa =3D =ZZ \n" * 3)
    try:
        read_page(tmp_path / "a.mhtml")
    except DataError as error:
        assert "a.mhtml" in str(error)
