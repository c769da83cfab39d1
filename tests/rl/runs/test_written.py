import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import DataError
from rewards.testing.small import BOOK, rejecting
from rl.evaluation.predictions import Prediction, save_predictions
from rl.runs.rollouts import Rollout, RolloutLog
from rl.runs.written import Written, read_completions


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_jsonl_is_read_with_its_lines(tmp_path: Path):
    path = lines(tmp_path / "c.jsonl", {"id": "a", "completion": "x"}, "\n", {"id": "a", "completion": "¿y?"})
    assert read_completions(path) == [Written("a", "x", path, 1), Written("a", "¿y?", path, 3)]


def test_predictions_and_rollouts_are_read_alike(tmp_path: Path):
    predictions = [Prediction.read(text, rejecting(), BOOK, n) for n, text in enumerate(("one", "two"))]
    save_predictions(predictions, tmp_path / "predictions.parquet")
    log = RolloutLog(tmp_path / "run" / "rollouts")
    for step in (2, 10):
        log.write([Rollout(step, "c-1", 0, f"step {step}", 1.0, 0.0, {"rules": 1.0})])
    assert [(w.case, w.completion) for w in read_completions(tmp_path / "predictions.parquet")] == [
        ("c-1", "one"),
        ("c-1", "two"),
    ]
    found = read_completions(tmp_path / "run")
    assert found == read_completions(tmp_path / "run" / "rollouts")
    assert [w.completion for w in found] == ["step 2", "step 10"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"id": "a", "completion": "x"}\n{"id": "a"}\n', "c.jsonl:2: completion: Field required"),
        ('{"id": "a", "completion": 1}\n', "c.jsonl:1: completion: .*string"),
        ('{"id": "a", "completions": "x"}\n', "c.jsonl:1: completions: unknown key .did you mean 'completion'"),
        ('{"id": "a", "comp', "c.jsonl:1: not JSON"),
        ("\n", "c.jsonl: holds no completions"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, content: str, message: str):
    with pytest.raises(DataError, match=message):
        read_completions(lines(tmp_path / "c.jsonl", content))


def test_a_bad_parquet_file_is_named(tmp_path: Path):
    (tmp_path / "cut.parquet").write_bytes(b"PAR1")
    pq.write_table(pa.table({"case": ["a"]}), tmp_path / "without.parquet")
    pq.write_table(pa.table({"case": ["a", "b"], "completion": ["x", None]}), tmp_path / "null.parquet")
    pq.write_table(pa.table({"case": pa.array([], pa.string()), "completion": []}), tmp_path / "empty.parquet")
    for name, message in {
        "cut": "cut.parquet: not a Parquet file",
        "without": "without.parquet: completion: there is no such column",
        "null": "null.parquet:2: completion: is no text",
        "empty": "empty.parquet: holds no completions",
    }.items():
        with pytest.raises(DataError, match=message):
            read_completions(tmp_path / f"{name}.parquet")


def test_what_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=f"{re.escape(str(tmp_path))}: holds no Parquet files"):
        read_completions(tmp_path)
    with pytest.raises(DataError, match=r"none.jsonl: no such file"):
        read_completions(tmp_path / "none.jsonl")
