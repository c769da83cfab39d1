"""A small benchmark of each level that moves, drawn once, and the clips as models are shown them."""

from pathlib import Path

import pytest

from data import Case, load_cases
from data.billboard import SPLITS, BillboardConfig, build
from data.billboard.config import MOVING
from data.preparing.prepare import prepare
from data.preparing.settings import PrepareSettings

COUNTS = {"motion": (160, 80), "motion-hard": (96, 48), "live": (16, 16)}


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {
        level: build(BillboardConfig(*COUNTS[level], seed=5, level=level), tmp_path_factory.mktemp(level))
        for level in MOVING
    }


@pytest.fixture(scope="session")
def drawn(folders: dict[str, Path]) -> dict[str, dict[str, list[Case]]]:
    """Cases by level and split."""
    return {
        level: {split: load_cases(folder / f"{split}.jsonl") for split in SPLITS} for level, folder in folders.items()
    }


@pytest.fixture(scope="session")
def shown(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """Training clips of ``motion``, prepared."""
    settings = PrepareSettings.of(changes={"video.frames": 4, "sound_picture": True})
    source = folders["motion"] / "train.jsonl"
    outcome = prepare(str(source), out=tmp_path_factory.mktemp("shown"), settings=settings)
    assert not outcome.rejected
    return load_cases(outcome.out / "cases.jsonl")
