"""Fixtures of the reward tests."""

from pathlib import Path

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
