"""Workers: what kills one is named, and takes nothing else along."""

import os
import time

import pytest

from data import DataError
from data.media.workers import in_processes


def work(task: str) -> str:
    if task == "crash":
        os._exit(11)
    if task == "hang":
        time.sleep(60)
    if task == "bad":
        raise DataError("damaged", file="a.mp4", field="video")
    if task == "bug":
        raise KeyError("ours")
    return task.upper()


def test_each_task_has_its_result_whatever_happens_to_the_others() -> None:
    tasks = ["a", "crash", "b", "bad", "hang", "c", "crash", "d"]
    start = time.monotonic()
    results = dict(in_processes(work, tasks, processes=2, seconds=3))
    assert time.monotonic() - start < 30
    assert [results[at] for at in (0, 2, 5, 7)] == ["A", "B", "C", "D"]
    assert [str(results[at]) for at in (1, 3, 4)] == [
        "the process that read it was killed (exit code 11): a damaged or hostile file",
        "a.mp4: video: damaged",
        "given up after 3 s",
    ]
    assert results.keys() == set(range(8))


def test_a_mistake_of_ours_is_no_result() -> None:
    with pytest.raises(RuntimeError, match="KeyError: 'ours'"):
        list(in_processes(work, ["a", "bug"], processes=1, seconds=30))


def test_no_tasks_start_no_process() -> None:
    assert list(in_processes(work, [], processes=4, seconds=1)) == []
