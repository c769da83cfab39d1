from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import DataError
from prompts import Episode, Turn
from rl.runs.rollouts import Rollout, RolloutLog, read_rollouts


def rollouts(step: int, count: int = 2, text: str = "¿qué? \x00 日本") -> list[Rollout]:
    return [
        Rollout(
            step,
            Episode.plain(f"case-{n}", text, n),
            None if n else 0.5,
            0.25 * n,
            {"rules": 0.1 + 0.2, "evidence": None},
        )
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
    assert [r.episode.completion for r in read_rollouts(tmp_path)[::2]] == [str(n) for n in range(11)]


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
        [
            Rollout(0, Episode.plain("a", ""), 1.0, 0.0, {"x": 1.0}),
            Rollout(0, Episode.plain("b", ""), 1.0, 0.0, {"y": 2.0}),
        ]
    )
    assert [r.rewards for r in read_rollouts(tmp_path)] == [{"x": 1.0, "y": None}, {"x": None, "y": 2.0}]


def test_several_turns_are_kept_and_what_a_reader_of_completions_finds_is_the_last(tmp_path: Path):
    looked = Turn('{"read_rule": "A-1"}'), Turn("A-1: No guns. \x00 日本", author="tool"), Turn("<think>…")
    unfinished = Turn('{"zoom": 0}'), Turn("a gun", author="tool")
    written = [
        Rollout(0, Episode("a", looked, 0), 1.0, 0.5),
        Rollout(0, Episode.plain("a", "<think>", 1), 0.0, -0.5),
        Rollout(0, Episode("b", unfinished), -1.0, 0.0),
    ]
    RolloutLog(tmp_path).write(written)
    assert read_rollouts(tmp_path) == written
    assert pq.read_table(tmp_path / "00000000-0.parquet")["completion"].to_pylist() == ["<think>…", "<think>", ""]


def test_a_part_of_plain_episodes_has_no_column_of_turns(tmp_path: Path):
    RolloutLog(tmp_path).write(rollouts(0))
    assert "turns" not in pq.read_schema(tmp_path / "00000000-0.parquet").names


def test_ids_and_log_probabilities_of_tokens_are_not_kept(tmp_path: Path):
    known = Turn("<think>", tokens=2, token_ids=(5, 7), logprobs=(-0.5,))
    RolloutLog(tmp_path).write([Rollout(0, Episode("a", (known,), 1, -0.25), 1.0, 0.0)])
    assert read_rollouts(tmp_path) == [Rollout(0, Episode.plain("a", "<think>", 1), 1.0, 0.0)]


def test_parts_from_before_there_were_turns_are_read(tmp_path: Path):
    columns = {
        "step": pa.array([3, 3], pa.int64()),
        "case": ["a", "a"],
        "sample": pa.array([0, 1], pa.int64()),
        "completion": ["<think>", "¿qué?"],
        "total": pa.array([0.5, None], pa.float64()),
        "advantage": [0.25, 0.0],
        "reward.rules": pa.array([1.0, None], pa.float64()),
        "error.rules": pa.array([None, "KeyError: 'market'"], pa.string()),
    }
    pq.write_table(pa.table(columns), tmp_path / "00000003-0.parquet")
    assert read_rollouts(tmp_path) == [
        Rollout(3, Episode.plain("a", "<think>"), 0.5, 0.25, {"rules": 1.0}),
        Rollout(3, Episode.plain("a", "¿qué?", 1), None, 0.0, {"rules": None}, {"rules": "KeyError: 'market'"}),
    ]


def test_another_file_is_named_with_the_column_that_it_lacks(tmp_path: Path):
    pq.write_table(pa.table({"step": [0], "case": ["a"], "sample": [0]}), tmp_path / "00000000-0.parquet")
    with pytest.raises(DataError, match=r"00000000-0.parquet: completion: there is no such column"):
        read_rollouts(tmp_path)


@pytest.mark.parametrize(
    "turns", ["[", "{}", "[]", '[{"text": 1}]', '[{"words": "x"}]', '[{"text": "", "author": "me"}]']
)
def test_turns_that_are_none_are_named(tmp_path: Path, turns: str):
    RolloutLog(tmp_path).write([Rollout(0, Episode("a", (Turn("x"), Turn("y"))), 1.0, 0.0)])
    part = tmp_path / "00000000-0.parquet"
    table = pq.read_table(part)
    place = table.column_names.index("turns")
    pq.write_table(table.set_column(place, "turns", pa.array([turns])), part)
    with pytest.raises(DataError, match=r"00000000-0.parquet: turns: not the turns of an episode"):
        read_rollouts(tmp_path)


def test_no_rollouts_is_an_error_that_names_the_folder(tmp_path: Path):
    with pytest.raises(DataError, match=f"{tmp_path}.*no rollouts"):
        read_rollouts(tmp_path)
