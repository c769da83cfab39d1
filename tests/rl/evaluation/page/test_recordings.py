"""Recordings: what a page may play, and where it lies."""

import os
from pathlib import Path

import pytest

from data import Case
from rl.evaluation.page.recordings import Recordings


def case(folder: Path, **media: str) -> Case:
    return Case.model_validate({"id": "1", **media}).with_root(folder)


@pytest.fixture
def ads(tmp_path: Path) -> Path:
    """A folder with a video, a sound and a link out of it."""
    ads = tmp_path / "ads"
    (ads / "media").mkdir(parents=True)
    (ads / "media" / "a.webm").write_bytes(b"video")
    (ads / "a.mp3").write_bytes(b"sound")
    (tmp_path / "private.mp4").write_bytes(b"private")
    (ads / "link.mp4").symlink_to(tmp_path / "private.mp4")
    return ads


def test_what_lies_below_the_page_is_named_from_it(ads: Path) -> None:
    below = Recordings(ads.parent)
    assert below.of(case(ads, video="media/a.webm")) == {"kind": "video", "path": ("ads", "media", "a.webm")}
    assert below.of(case(ads, audio="a.mp3")) == {"kind": "audio", "path": ("ads", "a.mp3")}
    assert below.of(case(ads, audio="a.mp3", video="media/a.webm")) == below.of(case(ads, video="media/a.webm"))


def test_nothing_else_is_named(ads: Path) -> None:
    assert Recordings(ads / "media").of(case(ads, audio="a.mp3")) is None
    for name in ("gone.mp4", "../private.mp4", "link.mp4", "media", "a\0.mp4"):
        assert Recordings(ads).of(case(ads, video=name)) is None
    assert Recordings(ads).of(case(ads)) is None
    odd = ads / os.fsdecode(b"\xff")  # bytes that are no UTF-8, which no address can hold
    odd.mkdir()
    (odd / "a.webm").write_bytes(b"video")
    assert Recordings(ads).of(case(odd, video="a.webm")) is None
    assert Recordings(odd).of(case(odd, video="a.webm")) == {"kind": "video", "path": ("a.webm",)}


def test_what_is_put_beside_the_page_has_the_name_of_its_content(ads: Path) -> None:
    page = ads.parent / "report"
    put = Recordings(page, page / "report.pictures")
    (ads / "x<script>.WEBM").write_bytes(b"video")
    (ads / "b.html").write_bytes(b"<script>")
    first, same, odd = (put.of(case(ads, video=name)) for name in ("media/a.webm", "x<script>.WEBM", "b.html"))
    assert first == same and first is not None and odd is not None
    folder, name = first["path"]
    assert folder == "report.pictures" and name.endswith(".webm") and len(name) == 25
    assert "." not in odd["path"][1]  # no browser takes it for a page
    assert (page / folder / name).read_bytes() == b"video" and len(list((page / folder).iterdir())) == 2
    assert os.stat(page / folder / name).st_nlink == 2
    assert put.of(case(ads, video="../private.mp4")) is None
