import json
import time
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from data import Briefs, DataError
from prompts import write
from rewards import BatchReward, Item, Rubric, reward
from rewards.testing.small import BOOK, ideal, rejecting, rule_on
from rl.runs.scores import score_completions
from rl.runs.written import Written, read_completions

CASE = rejecting()
BRIEFS = Briefs.bind([CASE], BOOK)
RUBRIC = Rubric.load("default")


def written(*texts: str, case: str = CASE.id) -> list[Written]:
    return [Written(case, text, Path("c.jsonl"), row) for row, text in enumerate(texts, start=1)]


def test_every_component_is_kept_over_several_batches(tmp_path: Path):
    texts, told = [write(ideal(CASE)), "tagless", write(rule_on("approve"))], []
    summary = score_completions(written(*texts), BRIEFS, RUBRIC, tmp_path / "new" / "scores.parquet", told.append)
    rows = pq.read_table(tmp_path / "new" / "scores.parquet").to_pylist()
    cards = [RUBRIC.score(text, CASE, BOOK) for text in texts]
    assert (summary.count, told) == (3, [1, 2])
    assert [row["completion"] for row in rows] == texts
    assert [row["total"] for row in rows] == [card.total for card in cards]
    assert [row["closed"] for row in rows] == [None, "format", None]
    assert rows[1]["failure"].startswith("no_think")
    for row, card in zip(rows, cards, strict=True):
        for name, part in card.components.items():
            assert (row[f"reward.{name}"], row[f"contribution.{name}"]) == (part.value, part.contribution)
            assert row[f"reason.{name}"] == part.reason
    assert [one.completion for one in read_completions(tmp_path / "new" / "scores.parquet")] == texts


def test_a_fault_is_kept_with_its_reward(tmp_path: Path):
    @reward(name="breaks_in_scores", range=(0, 1))
    def breaks(ruling, case, excerpt):
        raise KeyError("no such market")

    rubric = Rubric(name="breaking", craft={"breaks_in_scores": 0.1})
    score_completions(written(write(ideal(CASE))), BRIEFS, rubric, tmp_path / "scores.parquet")
    [row] = pq.read_table(tmp_path / "scores.parquet").to_pylist()
    assert row["total"] is None
    assert "no such market" in json.loads(row["faults"])["breaks_in_scores"]


def test_rewards_that_only_one_category_has_are_columns_too(tmp_path: Path):
    other = CASE.model_copy(update={"id": "other", "gold": CASE.gold.model_copy(update={"violations": []})})
    rubric = Rubric(name="own", craft={"rules": 0.1}, overrides={"health": {"craft": {"evidence": 0.2}}})
    answers = [written("tagless")[0], written("tagless", case="other")[0]]
    score_completions(answers, Briefs.bind([CASE, other], BOOK), rubric, tmp_path / "scores.parquet")
    rows = pq.read_table(tmp_path / "scores.parquet").to_pylist()
    assert [row["reward.evidence"] for row in rows] == [0.0, None]


def test_a_completion_of_no_case_is_named_before_anything_is_written(tmp_path: Path):
    with pytest.raises(DataError, match=r"c.jsonl:1: id: there is no case 'c-11' in the data .did you mean 'c-1'"):
        score_completions(written("x", case="c-11"), BRIEFS, RUBRIC, tmp_path / "scores.parquet")
    assert not list(tmp_path.iterdir())


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path):

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_completions(written("x", "y"), BRIEFS, RUBRIC, tmp_path / "scores.parquet", stop)
    assert not list(tmp_path.iterdir())


class Sequential(BatchReward):
    """A judge of one at a time that hands over all or nothing."""

    name = "t_sequential_in_scores"

    def score_batch(self, items: Sequence[Item]) -> list[float]:
        time.sleep(0.002 * len(items))
        return [0.5] * len(items)


def test_a_slow_reward_loses_nothing_to_its_time_limit():
    rubric = Rubric(name="slow", craft={f"{__name__}:Sequential": {"weight": 0.1, "time_limit": 0.1}})
    text, told = write(ideal(CASE)), []
    assert {card.total for card in rubric.score_many([text] * 120, [BRIEFS[CASE.id]] * 120)} == {None}
    summary = score_completions(written(*[text] * 120), BRIEFS, rubric, advance=told.append)
    assert summary.total.unscored == 0 and sum(told) == summary.count == 120 and len(told) > 5
