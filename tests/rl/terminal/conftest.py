"""What the tests of the terminal share: a clock that stands still until it is told to go on, and a plain page."""

from collections.abc import Callable

import pytest
from rich.console import Console, RenderableType


class Clock:
    """The time, in seconds."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def page() -> Callable[[RenderableType], str]:
    """Gives what something looks like on a page of 100 columns."""

    def render(content: RenderableType) -> str:
        console = Console(width=100)
        with console.capture() as capture:
            console.print(content)
        return capture.get()

    return render


@pytest.fixture(autouse=True)
def not_launched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RANK", raising=False)
