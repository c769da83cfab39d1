"""Fixtures of tests that ask a server."""

from pathlib import Path

import pytest

from data import Briefs
from rl.generation import rate_limit, server
from tests.rl.conftest import toy_briefs

from .asking import CASES, POISONED
from .zoo import POISON


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """As always, but a thousand times faster."""
    monkeypatch.setattr(server, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(server, "MOST_BYTES", 1_000_000)
    monkeypatch.setattr(rate_limit, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(rate_limit, "LONGEST_WAIT", 0.03)
    monkeypatch.setattr(rate_limit, "PATIENCE", 0.3)


@pytest.fixture
def briefs(toy: Path) -> Briefs:
    """Cases of which one upsets the server."""
    plain = toy_briefs(toy / "text.jsonl", CASES)
    cases = [brief.case for brief in plain]
    cases[POISONED] = cases[POISONED].model_copy(update={"text": {"body": POISON}})
    return Briefs.bind(cases, plain.book)
