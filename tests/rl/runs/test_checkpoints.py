import logging
import shutil
from pathlib import Path

import pytest

from data import DataError
from rl.runs.checkpoints import (
    checkpoint_at,
    checkpoint_to_resume,
    find_checkpoints,
    keep_newest,
    newest_checkpoint,
    step_of,
)
from rl.runs.folder import RunFolder
from rl.runs.manifest import COMPLETE, Manifest


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run with checkpoints of which a kill has cut the last one off."""
    run = RunFolder(tmp_path / "run")
    for step in (8, 9, 10, 12):
        folder = checkpoint_at(run.checkpoints, step)
        (folder / "global_step").mkdir(parents=True)
        (folder / "trainer_state.json").write_text(f'{{"global_step": {step}}}')
        (folder / "global_step" / "weights.bin").write_bytes(bytes(range(200)))
        if step < 12:
            Manifest.write(folder, {"seed": 0}, {"processes": 1})
    return run


def steps(run: RunFolder) -> list[int]:
    return sorted(map(step_of, run.checkpoints.glob("checkpoint-*")))


def test_the_newest_is_the_complete_one_with_most_steps(run: RunFolder) -> None:
    newest = newest_checkpoint(run)
    assert newest is not None and (newest.name, step_of(newest)) == ("checkpoint-10", 10)
    assert checkpoint_to_resume(run, resume=True) == newest


def test_those_that_were_cut_off_are_removed_and_named(run: RunFolder, caplog: pytest.LogCaptureFixture) -> None:
    checkpoint_to_resume(run, resume=True)
    assert steps(run) == [8, 9, 10]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "checkpoint-12 was cut off while it was saved" in caplog.text


FILES = ["trainer_state.json", "global_step/weights.bin", COMPLETE]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["deleted", "emptied", "cut", "changed", "unreadable"])
def test_of_two_the_damaged_one_is_named_and_set_aside(
    run: RunFolder, name: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = checkpoint_at(run.checkpoints, 10) / name
    content = file.read_bytes()
    changed = content[:-2] + bytes([content[-2] ^ 1]) + content[-1:]
    if how == "deleted":
        file.unlink()
    elif how == "unreadable":
        file.unlink()
        file.mkdir()
    else:
        file.write_bytes({"emptied": b"", "cut": content[: len(content) // 2], "changed": changed}[how])
    assert checkpoint_to_resume(run, resume=True) == checkpoint_at(run.checkpoints, 9)
    assert "checkpoint-10" in caplog.text
    if (how, name) == ("deleted", COMPLETE):  # as after a kill
        assert not checkpoint_at(run.checkpoints, 10).exists()
    else:
        assert f"checkpoint-10/{name}: " in caplog.text and "set aside as damaged-10" in caplog.text
        assert (run.checkpoints / "damaged-10").is_dir() and steps(run) == [8, 9]


def test_a_checkpoint_under_another_steps_name_is_not_gone_on_from(run: RunFolder, caplog) -> None:
    shutil.copytree(checkpoint_at(run.checkpoints, 8), checkpoint_at(run.checkpoints, 20))
    newest = checkpoint_to_resume(run, resume=True)
    assert newest is not None and step_of(newest) == 10 and "checkpoint-20: is of step 8" in caplog.text


def test_what_was_set_aside_before_makes_room(run: RunFolder) -> None:
    (run.checkpoints / "damaged-10" / "old").mkdir(parents=True)
    (checkpoint_at(run.checkpoints, 10) / FILES[0]).unlink()
    checkpoint_to_resume(run, resume=True)
    assert sorted(file.name for file in (run.checkpoints / "damaged-10").iterdir()) == [COMPLETE, "global_step"]


def test_every_byte_of_a_manifest_counts(run: RunFolder) -> None:
    file = checkpoint_at(run.checkpoints, 10) / COMPLETE
    content, before = file.read_bytes(), Manifest.checked(file.parent)
    for place in range(0, len(content), 7):
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        try:
            assert Manifest.checked(file.parent) == before  # white space
        except DataError as error:
            assert "checkpoint-10" in str(error)


def test_a_run_without_a_whole_checkpoint_is_not_begun_anew_in_silence(run: RunFolder) -> None:
    for step in (8, 9, 10):
        (checkpoint_at(run.checkpoints, step) / FILES[1]).unlink()
    with pytest.raises(DataError, match=r"no checkpoint is whole \(.*checkpoint-10/.*is missing; .*checkpoint-8/"):
        checkpoint_to_resume(run, resume=True)
    assert steps(run) == [8, 9, 10, 12], "nothing is touched"


def test_older_ones_are_read_only_if_need_be(run: RunFolder) -> None:
    shutil.rmtree(checkpoint_at(run.checkpoints, 8) / "global_step")
    found = find_checkpoints(run)
    assert found.newest == checkpoint_at(run.checkpoints, 10) and not found.damaged


def test_the_newest_are_kept(run: RunFolder) -> None:
    (run.checkpoints / "checkpoint-40-backup").mkdir()
    for none in (None, 0):
        keep_newest(run.checkpoints, none)
    assert (checkpoint_at(run.checkpoints, 8)).is_dir()
    keep_newest(run.checkpoints, 2)
    assert sorted(folder.name for folder in run.checkpoints.iterdir()) == [
        "checkpoint-10",
        "checkpoint-12",
        "checkpoint-40-backup",
        "checkpoint-9",
    ]


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
    assert checkpoint_to_resume(run, resume=True) == checkpoint_at(run.checkpoints, 10)
    assert all(other.is_dir() for other in others)
