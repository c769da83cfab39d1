"""Pages of cases: what says them in a case file, and quotes of their sections."""

import json
from pathlib import Path

import pytest

from data import Case, DataError, Page, Quote, load_cases, save_cases

SECTIONS = [
    {"title": "Tea", "text": "Free today."},
    {"title": "Terms", "text": "Renews at 79 dollars."},
    {"text": "free today"},
]


def paged(**page: object) -> Case:
    return Case.model_validate({"id": "1", "text": {"title": "Tea"}, "page": page})


def test_a_path_or_an_address_alone_says_a_page():
    assert Case.model_validate({"id": "1", "page": "p/a.html"}).page == Page(path="p/a.html")
    assert Case.model_validate({"id": "1", "page": "HTTPS://a.example/"}).page == Page(address="HTTPS://a.example/")


def test_pages_survive_being_saved(tmp_path: Path):
    case = paged(path="a.html", sections=SECTIONS)
    save_cases([case], tmp_path / "cases.jsonl")
    assert load_cases(tmp_path / "cases.jsonl")[0].model_dump() == case.model_dump()
    assert "hidden" not in (tmp_path / "cases.jsonl").read_text("utf-8")


def test_cases_without_pages_are_written_as_ever():
    line = {"id": "1", "text": {"title": "Tea", "page": "an old text field"}}
    case = Case.model_validate(line)
    assert json.loads(case.model_dump_json(exclude_defaults=True)) == line
    assert case.find(Quote(quote="old text", field="page")) == (3, 11)


@pytest.mark.parametrize("page", ["../secret.html", {"path": "a.html", "screenshot": "/etc/motd"}])
def test_a_page_stays_in_the_folder_of_the_cases(tmp_path: Path, page: object):
    (tmp_path / "cases.jsonl").write_text(json.dumps({"id": "1", "page": page}))
    with pytest.raises(DataError, match=r"page\.(path|screenshot): .*outside of the folder"):
        load_cases(tmp_path / "cases.jsonl")


def test_a_quote_of_a_page_stands_in_its_section():
    case = paged(sections=SECTIONS)
    assert case.fields["page"] == "Tea\nFree today.\nTerms\nRenews at 79 dollars.\nfree today"
    found = {at: case.find(Quote(quote="free TODAY", field="page", section=at)) for at in (None, 0, 1, 2, 3)}
    assert found == {None: (4, 14), 0: (4, 14), 1: None, 2: (0, 10), 3: None}
    assert case.find(Quote(quote="Terms Renews", field="page", section=1)) == (0, 12)
    assert case.find(Quote(quote="Tea", field="title", section=0)) is None
