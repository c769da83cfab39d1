"""Fixtures for the tests of rewards: put ``pytest_plugins = ["rewards.testing"]`` into your topmost conftest.py."""

try:
    import pytest
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("the fixtures of rewards.testing need pytest: pip install pytest") from error

from data import Case, Rulebook
from rewards.testing.hostile import HOSTILE
from rewards.testing.small import BOOK, CASES


@pytest.fixture
def small_book() -> Rulebook:
    """Five rules in a tree of categories, one of which calls for escalate."""
    return BOOK


@pytest.fixture(params=sorted(CASES))
def any_case(request: pytest.FixtureRequest) -> Case:
    """A case under the small book; in turn one that gold approves, escalates and rejects."""
    return CASES[request.param]()


@pytest.fixture(params=HOSTILE, ids=range(len(HOSTILE)))
def hostile_text(request: pytest.FixtureRequest) -> str:
    """In turn each text that an advertiser might send to break the reviewer, and plain ones in many languages."""
    return str(request.param)
