"""Fixtures of the reward tests."""

from pathlib import Path

import pytest

from data import Case
from tests.rewards.small import CASES


@pytest.fixture(params=sorted(CASES))
def any_case(request: pytest.FixtureRequest) -> Case:
    """A case that gold approves, rejects or escalates."""
    return CASES[request.param]()


@pytest.fixture(scope="session")
def small_text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny text model, untrained."""
    from tests.rewards.local import tiny

    return tiny(tmp_path_factory.mktemp("small_text"), "text")


@pytest.fixture(scope="session")
def small_vl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny vision-language model, untrained."""
    from tests.rewards.local import tiny

    return tiny(tmp_path_factory.mktemp("small_vl"), "vl")
