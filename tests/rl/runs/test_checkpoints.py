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


def test_a_trained_model_is_not_overwritten_where_there_is_nothing_to_go_on_from(run: RunFolder) -> None:
    run.final.mkdir()
    assert checkpoint_to_resume(run, resume=True) == newest_checkpoint(run)
    for step in (8, 9, 10):
        (checkpoint_at(run.checkpoints, step) / COMPLETE).unlink()
    with pytest.raises(DataError, match="final: there is a trained model but no checkpoint to go on from"):
        checkpoint_to_resume(run, resume=True)


def test_what_somebody_else_put_beside_them_is_left_alone(run: RunFolder) -> None:
    others = [run.checkpoints / name for name in ("checkpoint-40-backup", "checkpoint-4x", "checkpoint-")]
    for other in others:
        other.mkdir()
    assert newest_checkpoint(run) == checkpoint_at(run.checkpoints, 10)
    remove_cut_off(run)
    assert all(other.is_dir() for other in others)
