"""Fixtures of the reward tests."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def small_text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny text model, untrained."""
    from tests.rewards.model_based.local import tiny

    return tiny(tmp_path_factory.mktemp("small_text"), "text")


@pytest.fixture(scope="session")
def small_vl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny vision-language model, untrained."""
    from tests.rewards.model_based.local import tiny

    return tiny(tmp_path_factory.mktemp("small_vl"), "vl")


@pytest.fixture(scope="session")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A small draw of the embedded benchmark whose gold has edits."""
    from data import Briefs, Rulebook, load_cases
    from data.billboard import BillboardConfig, build

    folder = build(BillboardConfig(40, 2, level="full", edits=True), tmp_path_factory.mktemp("edited"))
    return Briefs.bind(load_cases(folder / "train.jsonl"), Rulebook.load(folder / "rulebook.yaml"))
