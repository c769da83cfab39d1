"""Small benchmarks of both levels, built once."""

from pathlib import Path

import pytest

from data import Case, load_cases
from data.billboard import SPLITS, BillboardConfig, build


@pytest.fixture(scope="session", params=["demo", "full"])
def level(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def folder(level: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = BillboardConfig(cases=1600, test_cases=400, seed=5, level=level)  # type: ignore[arg-type]
    return build(config, tmp_path_factory.mktemp(level))


@pytest.fixture(scope="session")
def splits(folder: Path) -> dict[str, list[Case]]:
    return {split: load_cases(folder / f"{split}.jsonl") for split in SPLITS}
