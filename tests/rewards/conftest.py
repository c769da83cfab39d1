"""Fixtures of the reward tests."""

import pytest

from data import Case
from tests.rewards.small import CASES


@pytest.fixture(params=sorted(CASES))
def any_case(request: pytest.FixtureRequest) -> Case:
    """A case that gold approves, rejects or escalates."""
    return CASES[request.param]()
