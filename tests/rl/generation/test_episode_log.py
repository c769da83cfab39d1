"""The log of episodes: what is on disk stays, what was cut off goes, and nothing is mixed."""

import json
from pathlib import Path

import pytest

from data import DataError
from prompts import Episode, Turn
from rl.generation.episode_log import EpisodeLog

SETTINGS = {"model": "abc", "decoding": {"temperature": 1.0, "seed": 0}}
LOOKED = Turn('{"read_rule": "A-1"}', tokens=9), Turn("A-1: No\n\u2028guns.", author="tool"), Turn("<think>", tokens=2)
BATCHES = [
    [Episode("a", (Turn("<think>\n\u2028é</think>", tokens=3),), 0, -0.5), Episode.plain("a", "", 1)],
    [Episode("b", (Turn("{}", tokens=7),), 0), Episode.plain("b", "😀", 1), Episode("b", LOOKED, 2, -0.25)],
]
EPISODES = {(episode.case, episode.sample): episode for batch in BATCHES for episode in batch}


def written(path: Path) -> bytes:
    log = EpisodeLog(path, SETTINGS)
    log.begin({"device": "cpu"})
    for batch in BATCHES:
        log.add(batch)
    return path.read_bytes()


def test_what_was_added_is_there_again(tmp_path: Path) -> None:
    written(tmp_path / "log.jsonl")
    log = EpisodeLog(tmp_path / "log.jsonl", SETTINGS)
    assert log.facts == {"device": "cpu"} and len(log) == 5
    assert {key: log[key] for key in EPISODES} == EPISODES


def test_wherever_it_was_cut_off_it_can_be_finished(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole.jsonl")
    path = tmp_path / "cut.jsonl"
    for end in [*range(0, len(whole), 7), len(whole) - 1, len(whole)]:
        path.write_bytes(whole[:end])
        log = EpisodeLog(path, SETTINGS)
        assert len(log) == max(0, whole[:end].count(b"\n") - 1)
        if not log.facts:
            log.begin({"device": "cpu"})
        for batch in BATCHES:
            log.add(batch)
        assert path.read_bytes() == whole, end


def test_what_is_there_is_not_written_again(tmp_path: Path) -> None:
    whole = written(tmp_path / "log.jsonl")
    log = EpisodeLog(tmp_path / "log.jsonl", SETTINGS)
    log.add([Episode.plain("a", "another")])
    assert log["a", 0] == EPISODES["a", 0] and (tmp_path / "log.jsonl").read_bytes() == whole


def test_other_settings_are_refused_and_named(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    written(path)
    with pytest.raises(DataError, match=r"decoding.temperature 1.0 → 0.5, cases None → x\): give another --out"):
        EpisodeLog(path, {"model": "abc", "decoding": {"temperature": 0.5, "seed": 0}, "cases": "x"})


def test_a_plain_episode_is_a_line_of_text_and_others_have_turns(tmp_path: Path) -> None:
    _, plain, *_, several = map(json.loads, written(tmp_path / "log.jsonl").splitlines())
    said = {"text": "<think>\n\u2028é</think>", "tokens": 3}
    assert plain == {"case": "a", "sample": 0, **said, "verdict_logprob": -0.5}
    assert several["turns"][1] == {"author": "tool", "text": "A-1: No\n\u2028guns.", "tokens": None}
    assert "text" not in several and len(several["turns"]) == 3


def test_what_a_tool_said_last_is_no_text_of_the_policy(tmp_path: Path) -> None:
    alone = Episode("a", (Turn("A-1: No guns.", author="tool"),))
    log = EpisodeLog(tmp_path / "log.jsonl", SETTINGS)
    log.begin({})
    log.add([alone])
    assert EpisodeLog(tmp_path / "log.jsonl", SETTINGS)["a", 0] == alone


def test_ids_and_log_probabilities_of_tokens_are_not_kept(tmp_path: Path) -> None:
    log = EpisodeLog(tmp_path / "log.jsonl", SETTINGS)
    log.begin({})
    log.add([Episode("a", (Turn("x", tokens=2, token_ids=(5, 7), logprobs=(-0.5,)),), 0, -0.5)])
    again = EpisodeLog(tmp_path / "log.jsonl", SETTINGS)
    assert again["a", 0] == Episode("a", (Turn("x", tokens=2),), 0, -0.5)


@pytest.mark.parametrize(
    "line",
    [
        "not JSON",
        "[]",
        '{"case": "a"}',
        json.dumps({"case": "a", "sample": 0, "x": 1}),
        json.dumps({"case": "a", "sample": 0, "verdict_logprob": None, "turns": []}),
        json.dumps({"case": "a", "sample": 0, "verdict_logprob": None, "turns": [{"words": "x"}]}),
        json.dumps({"case": "a", "sample": 0, "verdict_logprob": None, "turns": [{"text": "x", "author": "judge"}]}),
        json.dumps({"case": "a", "sample": 0, "verdict_logprob": None, "text": 5, "tokens": None}),
        json.dumps({"case": "a", "sample": 0, "verdict_logprob": None, "text": "x", "tokens": "many"}),
        json.dumps({"case": "a", "sample": 0, "verdict_logprob": "x", "text": "x", "tokens": None}),
        json.dumps({"case": ["a"], "sample": 0, "verdict_logprob": None, "text": "x", "tokens": None}),
        json.dumps({"settings": SETTINGS, "facts": ["device"]}),
        json.dumps({"settings": 5, "facts": {}}),
        "[" * 100_000,
    ],
    ids=range(14),
)
def test_another_file_is_no_log(tmp_path: Path, line: str) -> None:
    path = tmp_path / "log.jsonl"
    content = json.dumps({"settings": SETTINGS, "facts": {}}) + "\n" + line + "\n"
    path.write_text(content)
    with pytest.raises(DataError, match=r"log.jsonl:2: not a log of episodes"):
        EpisodeLog(path, SETTINGS)
    assert path.read_text() == content


def test_a_log_without_its_settings_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    lines = written(path).splitlines(keepends=True)
    path.write_bytes(b"".join(lines[1:]))
    with pytest.raises(DataError, match=r"log.jsonl:1: not a log of episodes"):
        EpisodeLog(path, SETTINGS)
    path.write_bytes(b"".join([lines[1], lines[0]]))
    with pytest.raises(DataError, match=r"log.jsonl:1: not a log of episodes"):
        EpisodeLog(path, SETTINGS)


def test_a_folder_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a folder, where a log of episodes should be"):
        EpisodeLog(tmp_path, SETTINGS)


def test_of_two_for_one_key_the_first_stays(tmp_path: Path) -> None:
    log = EpisodeLog(tmp_path / "log.jsonl", SETTINGS)
    log.begin({})
    log.add([Episode.plain("a", "first"), Episode.plain("a", "second")])
    assert log["a", 0].completion == "first"
    assert EpisodeLog(tmp_path / "log.jsonl", SETTINGS)["a", 0].completion == "first"


def test_without_a_file_it_is_kept_in_memory() -> None:
    log = EpisodeLog(None, SETTINGS)
    log.begin({})
    log.add(BATCHES[0])
    assert ("a", 0) in log and ("b", 0) not in log
