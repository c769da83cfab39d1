"""A page says nothing of the machine that it was made on."""

import os
from pathlib import Path

import pytest
from PIL import Image

from data import Briefs, Case, Rulebook
from rl.cli.compare import distinct
from rl.evaluation import Evaluation, Prediction, write_report
from rl.evaluation.page.places import place, portable
from tests.everything_in import everything_in


def test_paths_are_named_from_the_folder_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert place(str(tmp_path / "runs" / "grpo")) == os.path.join("runs", "grpo")
    assert place(str(tmp_path.parent / "elsewhere" / "test.jsonl")) == "test.jsonl"
    assert [place(text) for text in ("org/model", "2 / 3", "", "C:\\me\\x.jsonl")] == [
        "org/model",
        "2 / 3",
        "",
        "x.jsonl",
    ]


def test_media_are_named_from_their_file(tmp_path: Path) -> None:
    inside, outside = str(tmp_path / "media" / "a.png"), str(tmp_path.parent / "b.png")
    case = Case.model_validate(
        {"id": "1", "images": [inside, outside, "c.png"], "frames": [{"path": inside, "time": 1}], "video": outside}
    ).with_root(tmp_path)
    found = portable(case)
    assert found.images == [os.path.join("media", "a.png"), "b.png", "c.png"]
    assert found.frames[0].path == found.images[0] and found.video == "b.png" and found.audio is None


def test_no_page_holds_a_path_of_the_machine(tmp_path: Path) -> None:
    folder = tmp_path / "me" / "ads"
    folder.mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(folder / "a.png")
    (folder / "broken.png").write_bytes((folder / "a.png").read_bytes()[:50])
    images = [str(folder / "a.png"), str(folder / "broken.png"), str(folder / "gone.png")]
    case = Case(id="1", images=images, gold={"verdict": "approve"}).with_root(folder)
    briefs = Briefs.bind([case], Rulebook(name="one", rules=[{"id": "A-1", "text": "No guns."}]))
    facts = {"checkpoint": {"path": str(folder / "final")}, "read": {"data": [str(folder / "test.jsonl")]}}
    models = [Evaluation("m", "test", [Prediction.of(None, brief) for brief in briefs], facts) for _ in range(2)]
    models = distinct(models, [tmp_path / "me" / "old" / "eval", tmp_path / "me" / "new" / "eval"])
    assert [model.name for model in models] == [os.path.join("old", "eval"), os.path.join("new", "eval")]
    held = everything_in(write_report(tmp_path / "page.html", models, {"test": briefs}))
    assert str(tmp_path) not in held and "test.jsonl" in held and "gone.png" in held
