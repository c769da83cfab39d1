"""`ruling rules search`, `recall` and `check`, as they are typed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data import Case, DataError, Rule, Rulebook, save_cases
from rl.cli.rules import app


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    words = ("guns", "miracle cures", "free gifts")
    Rulebook(name="b", rules=tuple(Rule(id=f"R-{n}", text=f"No {w}.") for n, w in enumerate(words))).dump("book.yaml")
    gold = {"verdict": "reject", "violations": [{"rule": "R-1"}]}
    save_cases([Case(id="a", text={"t": "cures"}, gold=gold), Case(id="b", text={"t": "guns"}, gold=gold)], "a.jsonl")
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    return result.exit_code, result.stdout


def test_search_shows_the_best_first(folder: Path) -> None:
    code, output = run("search", "book.yaml", "a gift, free of charge", "--k", "2")
    assert code == 0 and output.index("R-2") < output.index("R-0") and "R-1" not in output


def test_recall_counts_and_names_what_is_never_found(folder: Path) -> None:
    code, output = run("recall", "--data", "a.jsonl", "--rulebook", "book.yaml", "--k", "1")
    assert code == 0 and "2 broken rules in 2 cases" in output and "recall@1" in output and "bm25" in output
    code, output = run("recall", "--data", "a.jsonl", "--rulebook", "book.yaml", "--k", "1", "--json")
    (found,) = json.loads(output)
    assert found["recall"]["1"]["value"] == 0.5 and found["never_found"] == {}


def test_check_ends_with_1_where_something_is_wrong(folder: Path) -> None:
    assert run("check", "book.yaml")[0] == 0
    code, output = run("check", "book.yaml", "--data", "a.jsonl")
    assert code == 0 and "2 rules are broken in no case: R-0, R-2" in output
    Rulebook(name="b", rules=tuple(Rule(id=f"R-{n}", text="No guns.") for n in range(2))).dump("twice.yaml")
    code, output = run("check", "twice.yaml", "--data", "a.jsonl")
    assert code == 1 and "say the same: R-0 = R-1" in output
    code, output = run("check", "twice.yaml", "--json")
    assert code == 1 and json.loads(output)["duplicates"] == [["R-0", "R-1"]]


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("--retrieve", "dense"), "--encoder: 'dense' needs an 'encoder'"),
        (("--encoder", "./nowhere"), "./nowhere: there is no such folder"),
        (("--encoder", "book.yaml", "--retrieve", "dense"), "book.yaml: no encoder can be loaded"),
    ],
)
def test_an_encoder_that_is_not_there(folder: Path, arguments: tuple[str, ...], fault: str) -> None:
    with pytest.raises(DataError, match=fault):
        run("recall", "--data", "a.jsonl", "--rulebook", "book.yaml", *arguments)


def test_cases_count_once_and_an_encoder_is_not_ignored(folder: Path) -> None:
    with pytest.raises(DataError, match="there are two cases 'a': name each file once"):
        run("recall", "--data", "a.jsonl", "--data", "a.jsonl", "--rulebook", "book.yaml")
    with pytest.raises(DataError, match="--retrieve bm25: compares words, and takes no encoder"):
        run("recall", "--data", "a.jsonl", "--rulebook", "book.yaml", "--retrieve", "bm25", "--encoder", "e")
