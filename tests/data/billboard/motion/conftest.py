"""A small benchmark of each level that moves, and clips as models are shown them. Cases are drawn once; a clip is
recorded when a test first looks at it, since recording all would take most of the time."""

from collections.abc import Callable
from pathlib import Path

import pytest

from data import Case, load_cases, save_cases
from data.billboard import SPLITS, BillboardConfig, build
from data.billboard.config import MOVING
from data.billboard.motion import split as making
from data.billboard.motion.clip import Clip
from data.billboard.motion.recording import record
from data.preparing.prepare import prepare
from data.preparing.settings import PrepareSettings

COUNTS = {"motion": (160, 80), "motion-hard": (96, 48), "live": (16, 16)}


@pytest.fixture(scope="session")
def left() -> dict[Path, Clip]:
    """The clips that are not recorded yet, by where their files will be."""
    return {}


@pytest.fixture(scope="session")
def drawn(left: dict[Path, Clip], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[Case]]]:
    """Cases by level and split."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "record", lambda clip, path: left.update({path: clip}))
        for level in MOVING:
            folder = build(BillboardConfig(*COUNTS[level], seed=5, level=level), tmp_path_factory.mktemp(level))
            found[level] = {split: load_cases(folder / f"{split}.jsonl") for split in SPLITS}
    return found


@pytest.fixture(scope="session")
def recorded(left: dict[Path, Clip]) -> Callable[[list[Case]], list[Case]]:
    """Gives drawn cases back with their clips in place."""

    def with_clips(cases: list[Case]) -> list[Case]:
        for path in {case.path(case.video or "") for case in cases} & left.keys():
            record(left.pop(path), path)
        return cases

    return with_clips


@pytest.fixture(scope="session")
def clips(drawn: dict[str, dict[str, list[Case]]], recorded: Callable[[list[Case]], list[Case]]) -> list[Case]:
    """Training cases of ``motion``, four squares of each mechanism, with their clips."""
    return recorded(drawn["motion"]["train"][:80])


@pytest.fixture(scope="session")
def shown(clips: list[Case], tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """The same, prepared."""
    settings = PrepareSettings.of(changes={"video.frames": 4, "sound_picture": True})
    source = clips[0].path("some.jsonl")
    save_cases(clips, source)
    outcome = prepare(str(source), out=tmp_path_factory.mktemp("shown"), settings=settings)
    assert not outcome.rejected
    return load_cases(outcome.out / "cases.jsonl")
