"""The log of completions: what is on disk stays, what was cut off goes, and nothing is mixed."""

import json
from pathlib import Path

import pytest

from data import DataError
from rl.generation.completions import Completion, CompletionLog

SETTINGS = {"model": "abc", "decoding": {"temperature": 1.0, "seed": 0}}
BATCHES = [
    {("a", 0): Completion("<think>\n\u2028é</think>", 3, -0.5), ("a", 1): Completion("")},
    {("b", 0): Completion("{}", 7), ("b", 1): Completion("😀", None, None)},
]


def written(path: Path) -> bytes:
    log = CompletionLog(path, SETTINGS)
    log.begin({"device": "cpu"})
    for batch in BATCHES:
        log.add(batch)
    return path.read_bytes()


def test_what_was_added_is_there_again(tmp_path: Path) -> None:
    written(tmp_path / "log.jsonl")
    log = CompletionLog(tmp_path / "log.jsonl", SETTINGS)
    assert log.facts == {"device": "cpu"} and len(log) == 4
    assert {key: log[key] for batch in BATCHES for key in batch} == BATCHES[0] | BATCHES[1]


def test_wherever_it_was_cut_off_it_can_be_finished(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole.jsonl")
    path = tmp_path / "cut.jsonl"
    for end in [*range(0, len(whole), 7), len(whole) - 1, len(whole)]:
        path.write_bytes(whole[:end])
        log = CompletionLog(path, SETTINGS)
        assert len(log) == max(0, whole[:end].count(b"\n") - 1)
        if not log.facts:
            log.begin({"device": "cpu"})
        for batch in BATCHES:
            log.add(batch)
        assert path.read_bytes() == whole, end


def test_what_is_there_is_not_written_again(tmp_path: Path) -> None:
    whole = written(tmp_path / "log.jsonl")
    log = CompletionLog(tmp_path / "log.jsonl", SETTINGS)
    log.add({("a", 0): Completion("another")})
    assert log["a", 0] == BATCHES[0]["a", 0] and (tmp_path / "log.jsonl").read_bytes() == whole


def test_other_settings_are_refused_and_named(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    written(path)
    with pytest.raises(DataError, match=r"decoding.temperature 1.0 → 0.5, cases None → x\): give another --out"):
        CompletionLog(path, {"model": "abc", "decoding": {"temperature": 0.5, "seed": 0}, "cases": "x"})


@pytest.mark.parametrize("line", ["not JSON", "[]", '{"case": "a"}', json.dumps({"case": "a", "sample": 0, "x": 1})])
def test_another_file_is_no_log(tmp_path: Path, line: str) -> None:
    path = tmp_path / "log.jsonl"
    content = json.dumps({"settings": SETTINGS, "facts": {}}) + "\n" + line + "\n"
    path.write_text(content)
    with pytest.raises(DataError, match=r"log.jsonl:2: not a log of completions"):
        CompletionLog(path, SETTINGS)
    assert path.read_text() == content


def test_without_a_file_it_is_kept_in_memory() -> None:
    log = CompletionLog(None, SETTINGS)
    log.begin({})
    log.add(BATCHES[0])
    assert ("a", 0) in log and ("b", 0) not in log
