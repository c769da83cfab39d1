"""A run's tiny model is there as a whole, and is the one that the recipe and its cases would have built."""

from pathlib import Path

import pytest

from data import DataError
from rl.config.model import TinyConfig
from rl.training import tiny_model
from rl.training.tiny_model import BUILT_FROM, built_once

TINY = TinyConfig(kind="text", vocab=300, hidden=16, layers=1, context=64)
TEXTS = ["No guns.", "No cures."]


def test_it_is_built_once(tmp_path: Path) -> None:
    folder = built_once(tmp_path / "tiny", TEXTS, TINY, 0)
    before = (folder / "model.safetensors").stat()
    assert built_once(folder, TEXTS, TINY, 0) == folder == tmp_path / "tiny"
    assert (folder / "model.safetensors").stat() == before
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_one_that_was_built_from_something_else_is_refused(tmp_path: Path) -> None:
    folder = built_once(tmp_path / "tiny", TEXTS, TINY, 0)
    others = [(TEXTS[:1], TINY, 0), (TEXTS, TINY.model_copy(update={"hidden": 32}), 0), (TEXTS, TINY, 1)]
    for texts, tiny, seed in others:
        with pytest.raises(DataError, match="tiny: was built from other data or settings"):
            built_once(folder, texts, tiny, seed)
    (folder / BUILT_FROM).unlink()
    with pytest.raises(DataError, match="tiny: was built from other data or settings"):
        built_once(folder, TEXTS, TINY, 0)


def test_one_that_is_cut_off_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(folder: Path, *_: object) -> None:
        (folder / "config.json").write_text("{}")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tiny_model, "build", full_disk)
        with pytest.raises(DataError, match="cannot be written: No space"):
            built_once(tmp_path / "tiny", TEXTS, TINY, 0)
    assert list(tmp_path.iterdir()) == []
    assert (built_once(tmp_path / "tiny", TEXTS, TINY, 0) / "model.safetensors").is_file()
