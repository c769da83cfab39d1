import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from data import DataError, Rulebook, load_cases, open_image
from data.checking.check import check_files
from data.checking.quarantine import quarantine
from data.media.folder import ALLOWED

Write = Callable[..., Path]


def test_good_and_bad_rows_go_apart_and_nothing_is_lost(
    write_lines: Write, write_image: Write, book: Rulebook, tmp_path: Path
) -> None:
    write_image("in/media/1.png")
    lines = [
        '{"id": "1",   "images": ["media/1.png"]}',
        '{"id": "2", "text": {"title": "cut o',
        b'{"id": "3", "text": {"title": "caf\xe9"}}',
        '{"id": "4", "images": ["media/gone.png"]}',
        '{"id": "5", "images": ["media/1.png"], "wieght": 1}\r',
        '{"id": "6", "text": {"title": "您好"}}\r',
    ]
    source = write_lines("in/a.jsonl", *lines)
    result = quarantine(check_files(source, book=book), tmp_path / "out")
    assert (result.good, result.bad) == (2, 4)

    good, bad = tmp_path / "out" / "good" / "a.jsonl", tmp_path / "out" / "bad" / "a.jsonl"
    before = source.read_bytes().split(b"\n")
    assert good.read_bytes().split(b"\n") == [before[0], before[5], b""]
    assert bad.read_bytes().split(b"\n") == [*before[1:5], b""]

    shutil.rmtree(tmp_path / "in")
    cases = load_cases(good)
    assert [case.id for case in cases] == ["1", "6"]
    assert open_image(cases[0].path(cases[0].images[0])).size == (40, 30), "media hold without the source"
    assert (bad.parent / "media" / "1.png").is_file(), "and for a row that is yet to be mended"

    reasons = [json.loads(line) for line in (tmp_path / "out" / "reasons.jsonl").read_text("utf-8").splitlines()]
    assert [(r["file"], r["line"], r["from"]) for r in reasons] == [
        (str(Path("bad") / "a.jsonl"), i, f"{source}:{i + 1}") for i in range(1, 5)
    ]
    assert reasons[3]["problems"][0]["field"] == "wieght"


def test_media_beside_and_above_the_files_stay_valid(
    write_lines: Write, write_image: Write, book: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ALLOWED, str(tmp_path))
    write_image("in/shared/1.png", colour="red")
    write_image("in/test/1.png", colour="blue")
    train = write_lines("in/train/a.jsonl", {"id": "1", "images": ["../shared/1.png"]})
    test = write_lines("in/test/a.jsonl", {"id": "2", "images": ["1.png"]})
    quarantine(check_files(train, test, book=book), tmp_path / "out")
    (first,) = load_cases(tmp_path / "out" / "good" / "train")
    (second,) = load_cases(tmp_path / "out" / "good" / "test")
    assert open_image(first.path(first.images[0])).getpixel((0, 0)) == (255, 0, 0)
    assert open_image(second.path(second.images[0])).getpixel((0, 0)) == (0, 0, 255)


def test_files_out_of_reach_are_not_taken_along(
    write_lines: Write, write_image: Write, book: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ALLOWED, "")
    secret = write_image("home/secret.png")
    source = write_lines(
        "home/in/a.jsonl",
        {"id": "1", "images": ["../secret.png"]},
        {"id": "2", "images": [str(secret)]},
        {"id": "3", "images": ["link.png"]},
        {"id": "4", "frames": [{"path": "../secret.png", "time": 0}], "txet": {}},
        {"id": "5", "video": "../secret.png", "text": {"title": "x"}},
    )
    (tmp_path / "home" / "in" / "link.png").symlink_to(secret)
    report = check_files(source, book=book)
    assert [(p.kind, p.field) for p in report.errors if p.kind != "no cases"] == [
        ("media out of reach", "images.0"),
        ("media out of reach", "images.0"),
        ("media out of reach", "images.0"),
        ("not a case", "txet"),
        ("media out of reach", "video"),
    ]
    assert quarantine(report, tmp_path / "out").bad == 5
    assert [path.name for path in sorted((tmp_path / "out").rglob("*.*"))] == ["a.jsonl", "reasons.jsonl"]


def test_files_of_another_folder_are_copied_where_that_is_allowed(
    write_lines: Write, write_image: Write, book: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ALLOWED, str(tmp_path / "shared"))
    write_image("shared/1.png")
    write_image("in/2.png")
    source = write_lines("in/a.jsonl", {"id": "1", "images": ["../shared/1.png", "2.png"]})
    quarantine(check_files(source, book=book), tmp_path / "out")
    links = {path.name: path.stat().st_nlink for path in (tmp_path / "out").rglob("*.png")}
    assert links == {"1.png": 1, "2.png": 2}


def test_of_two_cases_with_one_id_the_second_is_bad(write_lines: Write, book: Rulebook, tmp_path: Path) -> None:
    row = {"text": {"title": "x"}}
    first, second = write_lines("a.jsonl", {"id": "1", **row}), write_lines("b.jsonl", {"id": "1", **row})
    quarantine(check_files(first, second, book=book), tmp_path / "out")
    assert (tmp_path / "out" / "good" / "a.jsonl").is_file() and (tmp_path / "out" / "bad" / "b.jsonl").is_file()


def test_an_old_quarantine_is_not_overwritten(write_lines: Write, book: Rulebook, tmp_path: Path) -> None:
    report = check_files(write_lines("in/a.jsonl", {"id": "1", "text": {"title": "x"}}), book=book)
    quarantine(report, tmp_path / "out")
    with pytest.raises(DataError, match="not empty"):
        quarantine(report, tmp_path / "out")


def test_a_dataset_becomes_a_file_beside_its_media(write_image: Write, book: Rulebook, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    rows = [{"id": "1", "images": ["m/1.png"], "rules": None}, {"id": "2", "images": ["m/1.png"], "rules": ["X"]}]
    datasets.Dataset.from_list(rows).save_to_disk(tmp_path / "saved")
    write_image("saved/m/1.png")
    quarantine(check_files(tmp_path / "saved", book=book), tmp_path / "out")
    (case,) = load_cases(tmp_path / "out" / "good")
    assert case.id == "1" and open_image(case.path(case.images[0])).size == (40, 30)
