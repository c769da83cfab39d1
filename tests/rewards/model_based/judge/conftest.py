"""Fixtures of the judge's tests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rewards.model_based.judge import Judge, ReasoningJudge
from tests.rewards.model_based.judge.items import one
from tests.rewards.model_based.judge.server import JudgeServer, running


@pytest.fixture(scope="session")
def _server() -> Iterator[JudgeServer]:
    with running() as server:
        one(Judge(base_url=server.url, model="m", cache=None))  # what loads with the first call, loads here
        yield server


@pytest.fixture
def server(_server: JudgeServer) -> JudgeServer:
    """A judge's server that says yes to everything, until told otherwise."""
    _server.reset()
    return _server


@pytest.fixture
def make_judge(server: JudgeServer, tmp_path: Path) -> Callable[..., Judge]:
    """Builds a judge that asks the server, does not try again, and keeps its answers in the test's folder."""

    def make(**settings: Any) -> Judge:
        cache = str(tmp_path / "judge.sqlite")
        return Judge(**{"base_url": server.url, "model": "m", "retries": 0, "cache": cache, **settings})

    return make


@pytest.fixture
def make_reader(server: JudgeServer, tmp_path: Path) -> Callable[..., ReasoningJudge]:
    """Builds a judge of the reasoning alone, in the same way."""

    def make(**settings: Any) -> ReasoningJudge:
        cache = str(tmp_path / "judge.sqlite")
        return ReasoningJudge(**{"base_url": server.url, "model": "m", "retries": 0, "cache": cache, **settings})

    return make
