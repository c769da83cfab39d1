"""Capturing: the pages of cases, kept once."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("selectolax")
pytest.importorskip("playwright")

from data import DataError, load_cases
from data.media.page.capture import _browser
from data.preparing.capture import capture_pages
from data.preparing.prepare import prepare
from tests.data.media.page.site import Site, opened

try:
    _browser()
except DataError as error:
    pytest.skip(str(error), allow_module_level=True)
pytestmark = pytest.mark.slow


LANDING = "<title>Tea</title><script>document.write('<h1>Free tea</h1>')</script><footer>79 dollars</footer>"


@pytest.fixture
def site() -> Iterator[str]:
    with opened() as address:
        Site.pages["/landing?from=ad"], Site.status["/ad"] = LANDING, (302, "/landing?from=ad")
        yield address


def test_a_page_is_kept_once_with_its_final_address_and_then_read(site: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "1", "page": f"{site}/ad"}))
    for _ in range(2):
        captured = capture_pages(tmp_path / "a.jsonl", out=tmp_path / "kept", allow=["127.0.0.1"])
    assert Site.asked.count("/ad") == 1
    (case,) = load_cases(tmp_path / "kept" / "cases.jsonl")
    assert case.page is not None and case.page.address == f"{site}/landing?from=ad"
    assert case.page.screenshot is not None and case.path(case.page.screenshot).is_file()
    assert captured.uncaptured == 0

    prepare(tmp_path / "kept" / "cases.jsonl", out=tmp_path / "out")
    (case,) = load_cases(tmp_path / "out" / "cases.jsonl")
    assert case.page is not None
    assert [(s.title, s.text) for s in case.page.sections] == [("Tea", ""), ("Free tea", ""), ("footer", "79 dollars")]
