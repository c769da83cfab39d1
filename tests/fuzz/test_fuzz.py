"""What is wrong with a file or an option is said in one line: no traceback, no hang, nothing taken silently."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.accepted import reason_for
from tests.fuzz.command import PATIENCE, run
from tests.fuzz.inputs import VERBS, Verb, inputs_of
from tests.fuzz.sweep import SEED, sweep
from tests.fuzz.world import build

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which every command works."""
    folder = tmp_path_factory.mktemp("good")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "1000")
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.chdir(folder)
        build(folder)
        yield folder


def test_there_are_enough_inputs_and_the_same_ones_each_time() -> None:
    names = [[one.name for verb in VERBS for one in inputs_of(verb, SEED)] for _ in range(2)]
    assert names[0] == names[1] and len(names[0]) >= 300


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_what_is_wrong_is_said(verb: Verb, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(good)
    assert run(verb.words.replace("out/", f"{tmp_path}/out/")).code == verb.ends, "nothing was wrong yet"
    tried = list(sweep(verb, good, tmp_path))
    assert not [(one.name[:300], one.done.err[-1000:]) for one in tried if one.crashed]
    assert not [one.name for one in tried if one.done.seconds > PATIENCE]
    assert not [one.name[:300] for one in tried if one.accepted and reason_for(one.name) is None]
    assert not [(one.name[:300], one.done) for one in tried if not one.accepted and not one.refused]
