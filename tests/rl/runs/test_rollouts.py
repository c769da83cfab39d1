from pathlib import Path

import pytest

from data import DataError
from rl.runs.rollouts import Rollout, RolloutLog, read_rollouts


def rollouts(step: int, count: int = 2, text: str = "¿qué? \x00 日本") -> list[Rollout]:
    return [
        Rollout(step, f"case-{n}", n, text, None if n else 0.5, 0.25 * n, {"rules": 0.1 + 0.2, "evidence": None})
        for n in range(count)
    ]


def test_what_is_written_is_read_in_the_order_of_steps(tmp_path: Path):
    log = RolloutLog(tmp_path / "run" / "rollouts")
    for step in (2, 10, 100_000_000):  # neither by name nor by the time of writing
        log.write(rollouts(step))
    written = [*rollouts(2), *rollouts(10), *rollouts(100_000_000)]
    assert read_rollouts(tmp_path / "run") == written
    assert read_rollouts(tmp_path / "run" / "rollouts") == written


def test_several_generations_at_one_step_are_kept_apart(tmp_path: Path):
    log = RolloutLog(tmp_path)
    for n in range(11):
        log.write(rollouts(3, text=str(n)))
    assert [r.completion for r in read_rollouts(tmp_path)[::2]] == [str(n) for n in range(11)]


def test_a_log_begun_at_a_step_drops_what_an_interrupted_run_left_from_there_on(tmp_path: Path):
    log = RolloutLog(tmp_path)
    for step in range(6):
        log.write(rollouts(step))
    (tmp_path / "00000006-0.draft").write_bytes(b"cut off")
    log = RolloutLog(tmp_path, step=4)
    assert {r.step for r in read_rollouts(tmp_path)} == {0, 1, 2, 3}
    log.write(rollouts(4, count=1))
    assert len(read_rollouts(tmp_path)) == 9
    assert not list(tmp_path.glob("*.draft"))


def test_rewards_that_only_some_rollouts_have_are_none_for_the_others(tmp_path: Path):
    RolloutLog(tmp_path).write(
        [Rollout(0, "a", 0, "", 1.0, 0.0, {"x": 1.0}), Rollout(0, "b", 0, "", 1.0, 0.0, {"y": 2.0})]
    )
    assert [r.rewards for r in read_rollouts(tmp_path)] == [{"x": 1.0, "y": None}, {"x": None, "y": 2.0}]


def test_no_rollouts_is_an_error_that_names_the_folder(tmp_path: Path):
    with pytest.raises(DataError, match=f"{tmp_path}.*no rollouts"):
        read_rollouts(tmp_path)
