from pathlib import Path

import pytest

from data import DataError
from rewards.models.location import resolve


def test_a_run_stands_for_its_final_checkpoint(tmp_path: Path) -> None:
    assert resolve(tmp_path) == str(tmp_path)
    (tmp_path / "checkpoints" / "final").mkdir(parents=True)
    assert resolve(tmp_path) == str(tmp_path / "checkpoints" / "final")


def test_only_what_can_be_nothing_but_a_folder_must_be_there(tmp_path: Path) -> None:
    assert resolve("org/model") == "org/model"
    for path in (tmp_path / "gone", "./gone"):
        with pytest.raises(DataError, match="gone: there is no such folder"):
            resolve(path)
