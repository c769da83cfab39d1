import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from data import Case, DataError, Quote, Region, load_cases, open_image
from data.reading.datasets import media_cache

datasets = pytest.importorskip("datasets")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def png(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 6), colour).save(buffer, "PNG")
    return buffer.getvalue()


ROWS: list[dict[str, Any]] = [
    {
        "id": "1",
        "text": {"title": "a", "body": None},
        "gold": {
            "verdict": "reject",
            "violations": [
                {"rule": "R", "evidence": [{"quote": "a", "field": "title"}]},
                {"rule": "S", "evidence": [{"image": 0, "region": [0.0, 0.0, 0.5, 1.0]}]},
            ],
        },
    },
    {"id": "2", "text": {"title": None, "body": "b"}, "gold": {"verdict": "approve", "violations": []}},
]


def with_images() -> "datasets.Dataset":
    data = datasets.Dataset.from_list(
        [{**ROWS[0], "images": [png("red")]}, {**ROWS[1], "images": [png("red"), png("blue")]}]
    )
    return data.cast_column("images", datasets.List(datasets.Image()))


def check(cases: list[Case]) -> None:
    assert [case.id for case in cases] == ["1", "2"]
    assert cases[0].text == {"title": "a"}, "Arrow's padding is dropped"
    assert cases[0].gold is not None and cases[0].gold.violations is not None
    (first,), (second,) = (violation.evidence or [] for violation in cases[0].gold.violations)
    assert first == Quote(quote="a", field="title")
    assert second == Region(image=0, region=(0.0, 0.0, 0.5, 1.0))


def test_a_dataset_object_with_images_as_bytes() -> None:
    cases = load_cases(with_images())
    check(cases)
    assert cases[0].images[0] == cases[1].images[0] != cases[1].images[1], "named by content"
    assert open_image(cases[1].path(cases[1].images[1])).getpixel((0, 0)) == (0, 0, 255)
    assert len(list(media_cache().iterdir())) == 2


def test_a_dataset_on_disk(tmp_path: Path) -> None:
    with_images().save_to_disk(tmp_path / "saved")
    check(load_cases(tmp_path / "saved"))


def test_a_dataset_on_disk_names_images_by_path(tmp_path: Path) -> None:
    rows = [{"id": "1", "images": ["m/1.png"]}]
    datasets.DatasetDict({"train": datasets.Dataset.from_list(rows)}).save_to_disk(tmp_path / "saved")
    (case,) = load_cases(tmp_path / "saved")
    assert case.path(case.images[0]) == tmp_path / "saved" / "m" / "1.png"


@pytest.mark.parametrize("source", ["object", "hub", "folder"])
def test_a_dataset_names_no_files_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    dataset = datasets.Dataset.from_list([{"id": "1", "images": [str(tmp_path / "secret.png")]}])
    dataset.save_to_disk(tmp_path / "saved")
    monkeypatch.setattr(datasets, "load_dataset", lambda name, split: dataset)
    with pytest.raises(DataError, match=r"images\.0: '.*secret\.png' lies outside of the folder"):
        load_cases({"object": dataset, "hub": "hub:somebody/ads", "folder": tmp_path / "saved"}[source])


def test_a_hub_dataset_names_no_files_of_the_folder_that_the_program_is_in(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = datasets.Dataset.from_list([{"id": "1", "images": ["a.png"]}])
    assert load_cases(dataset)[0].images == ["a.png"], "one that Python made may"
    monkeypatch.setattr(datasets, "load_dataset", lambda name, split: dataset)
    with pytest.raises(DataError, match="lies outside"):
        load_cases("hub:somebody/ads")


def test_a_hub_dataset_may_name_images_in_the_cache_of_datasets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hf")
    dataset = datasets.Dataset.from_list([{"id": "1", "images": [str(tmp_path / "hf" / "a.png")]}])
    monkeypatch.setattr(datasets, "load_dataset", lambda name, split: dataset)
    assert len(load_cases("hub:somebody/ads")) == 1


def test_json_columns_single_images_and_streams() -> None:
    row = {
        "id": "1",
        "image": {"bytes": png("red"), "path": None},
        "meta": '{"market": "SG"}',
        "text": '{"title": "x"}',
    }
    stream = datasets.Dataset.from_list([row]).to_iterable_dataset()
    (case,) = load_cases(stream)
    assert case.meta == {"market": "SG"} and case.text == {"title": "x"} and len(case.images) == 1


@pytest.mark.parametrize("text", ["[" * 100_000, "[" + "9" * 5000, "[" + "9" * 5000 + "]", "{cut"])
def test_text_that_only_begins_like_json(text: str) -> None:
    (case,) = load_cases(datasets.Dataset.from_list([{"id": "1", "lang": text}]))
    assert case.lang == text


def test_a_hub_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}

    def load_dataset(name: str, split: str) -> Any:
        asked.update(name=name, split=split)
        return datasets.Dataset.from_list(ROWS)

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    check(load_cases("hub:somebody/ads:test"))
    assert asked == {"name": "somebody/ads", "split": "test"}


def test_a_bad_row_of_a_dataset_is_named() -> None:
    with pytest.raises(DataError, match=r"Dataset:2: wieght: unknown key"):
        load_cases(datasets.Dataset.from_list([{"id": "1", "wieght": None}, {"id": "2", "wieght": 1}]))
