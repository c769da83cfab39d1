from pathlib import Path

import pytest

from data import DataError
from rl.runs.checkpoints import (
    COMPLETE,
    checkpoint_at,
    checkpoint_to_resume,
    newest_checkpoint,
    remove_cut_off,
    step_of,
)
from rl.runs.folder import RunFolder


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run with checkpoints of which a kill has cut the last one off."""
    run = RunFolder(tmp_path / "run")
    for step in (8, 9, 10, 12):
        folder = checkpoint_at(run.checkpoints, step)
        folder.mkdir(parents=True)
        (folder / "trainer_state.json").write_text("{}")
        if step < 12:
            (folder / COMPLETE).write_text("{}")
    return run


def test_the_newest_is_the_complete_one_with_most_steps(run: RunFolder) -> None:
    newest = newest_checkpoint(run)
    assert newest is not None and (newest.name, step_of(newest)) == ("checkpoint-10", 10)
    assert checkpoint_to_resume(run, resume=True) == newest


def test_those_that_were_cut_off_are_removed(run: RunFolder) -> None:
    remove_cut_off(run)
    assert sorted(map(step_of, run.checkpoints.iterdir())) == [8, 9, 10]


def test_without_any_a_run_begins_from_the_beginning(tmp_path: Path) -> None:
    empty = RunFolder(tmp_path / "elsewhere")
    assert checkpoint_to_resume(empty, resume=True) is None is checkpoint_to_resume(empty, resume=False)


def test_a_run_is_not_begun_anew_where_there_is_one(run: RunFolder, tmp_path: Path) -> None:
    done = RunFolder(tmp_path / "done")
    done.final.mkdir(parents=True)
    for there in (run, done):
        with pytest.raises(DataError, match="there is a run already"):
            checkpoint_to_resume(there, resume=False)
