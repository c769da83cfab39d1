import json
from pathlib import Path

import pytest

from data import DataError, save_cases
from prompts import Episode
from rewards.testing.small import rejecting
from rl.runs.past_run import open_past_run
from rl.runs.rollouts import Rollout, RolloutLog

RULES = "name: small\nrules:\n  - {id: CURE-1, text: No cures.}\n  - {id: WIN-1, text: No prizes.}\n"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run with one rollout, whose run.json names its data."""
    monkeypatch.chdir(tmp_path)
    save_cases([rejecting()], "cases.jsonl")
    Path("rules.yaml").write_text(RULES, "utf-8")
    RolloutLog(Path("run/rollouts")).write([Rollout(0, Episode.plain("c-1", "text"), 1.0, 0.0)])
    facts = {"steps": 10, "recipe": {"data": {"train": ["cases.jsonl"], "rulebook": "rules.yaml"}}}
    Path("run/run.json").write_text(json.dumps(facts), "utf-8")
    return Path("run")


def test_a_run_says_what_its_rollouts_are_about(run: Path):
    for given in (run, run / "rollouts", run / "rollouts" / "00000000-0.parquet"):
        past = open_past_run(given)
        assert [r.episode.completion for r in past.rollouts] == ["text"]
        assert [brief.id for brief in past.briefs] == ["c-1"]
        assert (past.briefs.book.ids, past.steps) == (["CURE-1", "WIN-1"], 10)


def test_rules_are_retrieved_as_they_were(run: Path):
    facts = json.loads(Path("run/run.json").read_text("utf-8"))
    facts["recipe"]["data"]["excerpt"] = {"retrieve": "bm25", "k": 1}
    Path("run/run.json").write_text(json.dumps(facts), "utf-8")
    briefs = open_past_run(run).briefs
    assert briefs.retrieval is not None and [len(brief.excerpt) for brief in briefs] == [1]


def test_data_and_rulebook_can_be_given_instead(run: Path):
    Path("moved.yaml").write_text(RULES.replace("small", "moved"), "utf-8")
    assert open_past_run(run, rulebook="moved.yaml").briefs.book.name == "moved"
    Path("cases.jsonl").rename("moved.jsonl")
    assert len(open_past_run(run, ["moved.jsonl"]).briefs) == 1
    Path("run/run.json").unlink()
    assert open_past_run(run, ["moved.jsonl"], "moved.yaml").briefs.book.name == "moved"


def test_what_is_missing_is_said_with_the_option_that_gives_it(run: Path):
    Path("cases.jsonl").unlink()
    with pytest.raises(DataError, match=r"cases.jsonl: no such file.*give --data and --rulebook"):
        open_past_run(run)
    Path("run/run.json").unlink()
    with pytest.raises(DataError, match=r"run: there is no run.json that names the run's cases: give --data"):
        open_past_run(run)
    with pytest.raises(DataError, match="give --rulebook"):
        open_past_run(run, ["cases.jsonl"])


def test_a_broken_run_json_is_named(run: Path):
    Path("run/run.json").write_text("{", "utf-8")
    with pytest.raises(DataError, match=r"run.json: not JSON"):
        open_past_run(run)
