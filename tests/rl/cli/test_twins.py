"""`ruling data twins`, as it is typed."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from data import Case, DataError, Rule, Rulebook, load_cases, save_cases
from rl.cli import app


def test_pairs_and_what_is_left_out_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Rulebook(name="two", rules=[Rule(id="A-1", text="No guns."), Rule(id="A-2", text="No cures.")]).dump("rules.yaml")
    cures = [{"rule": "A-2", "evidence": [{"quote": "cures all", "field": "body"}]}]
    gold = {"verdict": "reject", "violations": cures}
    ad = Case.model_validate({"id": "a", "text": {"body": "Tea cures all."}, "gold": gold})
    save_cases([ad, Case.model_validate({"id": "b", "gold": {"verdict": "reject"}})], "cases.jsonl")
    given = ["data", "twins", "cases.jsonl", "--rulebook", "rules.yaml", "--out", "out"]
    said = CliRunner().invoke(app, [*given, "--exception", "Anzeigen mit „{quote}“"], catch_exceptions=False).stdout
    assert (
        "left out: 1 × its gold names no verdict, or not what is broken" in said and "out/twins.jsonl: 1 pair" in said
    )
    before, after = load_cases("out/twins.jsonl")
    assert (before.twin, after.twin) == (after.id, "a") and before.gold != after.gold

    only = [*given, "--change", "exception_added"]
    CliRunner().invoke(app, [*only, "--exception", "Anzeigen mit „{quote}“"], catch_exceptions=False)
    (rule,) = [rule for rule in load_cases("out/twins.jsonl")[1].rules or () if isinstance(rule, Rule)]
    assert rule.exceptions == ("Anzeigen mit „cures all“",)
    with pytest.raises(DataError, match=r"change: no change 'exception_add' \(did you mean 'exception_added'"):
        CliRunner().invoke(app, [*given, "--change", "exception_add"], catch_exceptions=False)
    with pytest.raises(DataError, match="exception: does not say where the words go"):
        CliRunner().invoke(app, [*given, "--exception", "other ads"], catch_exceptions=False)
