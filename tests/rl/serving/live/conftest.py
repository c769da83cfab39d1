"""What is watched in these tests: a clip in which some seconds are dark."""

from pathlib import Path

import pytest

from tests.data.media.live.broadcast import write_clip
from tests.rl.serving.live.scripted import DARK, SECONDS


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", SECONDS, dark=DARK)
