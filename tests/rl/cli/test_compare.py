"""``ruling compare`` from files to files: the verdict first, exit codes by the gate, mistakes named."""

import json
import re
import sys
from pathlib import Path

import pytest

from rl.cli import main

RULES = "name: small\nrules:\n  - {id: A-1, text: No tea., severity: critical}\n"
N = 120


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evaluated models: ``new`` is better than ``old``, ``bad`` worse, ``same`` the same."""
    home = tmp_path_factory.mktemp("compare")
    (home / "rules.yaml").write_text(RULES)
    cases: list[dict] = []
    rows: dict[str, list[dict]] = {"old": [], "new": [], "bad": [], "same": []}
    for i in range(N):
        broken = i % 2 == 0
        gold = {"verdict": "reject", "violations": [{"rule": "A-1"}]} if broken else {"verdict": "approve"}
        cases.append({"id": f"c{i}", "text": {"body": "<b>[red]tea"}, "gold": gold})
        for name, right in (("old", i % 5 > 0), ("new", i % 10 > 0), ("bad", i % 5 > 1), ("same", i % 5 > 0)):
            verdict = "reject" if broken == right else "approve"
            rows[name].append(
                {"id": f"c{i}", "verdict": verdict, "violations": ["A-1"] if verdict == "reject" else []}
            )
    write(home / "cases.jsonl", cases)
    for name, found in rows.items():
        write(home / f"{name}.jsonl", found)
        what = f"evaluate --predictions {home}/{name}.jsonl --data {home}/cases.jsonl --rulebook {home}/rules.yaml"
        assert run(*what.split(), "--out", str(home / name)) == 0
    gate = "name: launch\ncriteria:\n- {metric: verdict_accuracy, margin: 0.02}\n"
    (home / "gate.yaml").write_text(gate)
    (home / "strict.yaml").write_text(gate + "- {metric: miss_rate, severity: critical, margin: 0.001}\n")
    (home / "bad.yaml").write_text("criteria:\n- {metric: miss_rat, margin: 0.1}\n")
    return home


def write(path: Path, rows: list[dict]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def run(*words: str) -> int:
    saved, sys.argv = sys.argv, ["ruling", *words]
    try:
        with pytest.raises(SystemExit) as exit_:
            main()
    finally:
        sys.argv = saved
    return int(exit_.value.code or 0)


def compare(folder: Path, *words: str) -> int:
    names = [str(folder / word) if (folder / word).exists() else word for word in words]
    return run("compare", *names, "--resamples", "500", "--out", str(folder / "out" / "report.html"))


def test_the_verdict_comes_first_and_all_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(folder, "old", "new") == 0
    said = capsys.readouterr().out
    assert said.startswith("new reviews better than old.")
    assert "12 gained, 0 lost" in said and "exact McNemar" in said
    content = json.loads((folder / "out" / "comparison.json").read_text())
    assert content["sentence"] == "new reviews better than old." and content["cases"] == N
    assert "new reviews better than old." in (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert (folder / "out" / "comparison_flips.parquet").is_file()


def test_reviewers_are_set_beside_the_models(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    split = json.loads((folder / "old" / "metrics.json").read_text())["split"]
    told = {"split": split, "time": "2026-01-01T10:00:00Z", "decision": "agree", "judged": "old", "violations": []}
    rows = [
        {"id": f"c{i}", "author": author, "verdict": "approve" if i % 2 else "reject"} | told
        for i in range(30)
        for author in ("Ann", "Ben")
    ]
    write(folder / "reviews.jsonl", rows)
    assert compare(folder, "old", "new", "--reviews", "reviews.jsonl") == 0
    said = capsys.readouterr().out
    assert re.search(r"│ reviewers +│ 1\.000 ", said) and re.search(r"│ reviewers and old +│ +\.\d{3} \[", said)


def test_cases_without_gold_are_not_said_to_be_compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = [json.loads(line) for line in (folder / "cases.jsonl").read_text().splitlines()]
    cases = [case if i < 100 else {**case, "gold": None} for i, case in enumerate(cases)]
    write(folder / "partly.jsonl", cases)
    for name in ("old", "new"):
        what = f"evaluate --predictions {folder}/{name}.jsonl --data {folder}/partly.jsonl"
        rules = f"--rulebook {folder}/rules.yaml --out {folder}/partly-{name}"
        assert run(*what.split(), *rules.split()) == 0
    capsys.readouterr()
    assert compare(folder, "partly-old", "partly-new") == 0
    assert "on the same 100 cases" in " ".join(capsys.readouterr().out.split())


def test_gold_and_rules_that_changed_since_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(folder, "old", "new") == 0 and "Since they were measured" not in capsys.readouterr().out
    cases = [json.loads(line) for line in (folder / "cases.jsonl").read_text().splitlines()]
    cases[3]["gold"], cases[7]["gold"] = cases[0]["gold"], None
    write(folder / "corrected.jsonl", cases)
    (folder / "edited.yaml").write_text(RULES.replace("No tea", "No coffee"))
    assert compare(folder, "old", "new", "--data", "corrected.jsonl", "--rulebook", "edited.yaml") == 0
    told = "Since they were measured, the gold of 2 cases (c3, c7) and the rulebook changed"
    assert told in " ".join(capsys.readouterr().out.split())
    assert told in (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert told in json.loads((folder / "out" / "comparison.json").read_text())["details"]


def test_exit_codes_follow_the_gate(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(folder, "old", "new", "--gate", "gate.yaml") == 0
    assert capsys.readouterr().out.startswith("Gate “launch” passes")
    assert compare(folder, "old", "bad", "--gate", "gate.yaml") == 1
    assert capsys.readouterr().out.startswith("Gate “launch” fails: bad is worse than old on verdict accuracy by 20.0")
    assert compare(folder, "old", "same", "--gate", "strict.yaml") == 1
    assert capsys.readouterr().out.startswith("Gate “launch” is undecided")


def test_models_of_one_name_are_told_apart_by_their_folders(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = folder / "elsewhere"
    copy.mkdir(exist_ok=True)
    for file in (folder / "new").iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    assert compare(folder, "old", "new", "elsewhere", "--primary", "miss_rate") == 0
    assert "elsewhere" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("old", "none"), "none: 'predictions.parquet' is missing: not an evaluation"),
        (("old", "new", "--gate", "none.yaml"), "none.yaml: no such gate file"),
        (("old", "new", "--gate", "bad.yaml"), "criteria.0.metric: no gate can ask for 'miss_rat' .did you mean"),
        (("old", "new", "--primary", "acuracy"), "no metric 'acuracy' to judge by"),
        (("old", "new", "--rulebook", "bilboard"), "did you mean 'billboard'"),
    ],
)
def test_mistakes_are_named(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    assert compare(folder, *words) == 2
    assert re.search(message, capsys.readouterr().err.replace("\n", " "))


def test_an_evaluation_that_does_not_say_where_its_cases_are(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    silent = folder / "silent"
    silent.mkdir(exist_ok=True)
    for file in (folder / "old").iterdir():
        (silent / file.name).write_bytes(file.read_bytes())
    run_json = json.loads((silent / "run.json").read_text())
    del run_json["read"]
    (silent / "run.json").write_text(json.dumps(run_json))
    assert compare(folder, "silent", "new") == 2
    assert "give --data and --rulebook" in capsys.readouterr().err
    given = ("--data", str(folder / "cases.jsonl"), "--rulebook", str(folder / "rules.yaml"))
    assert compare(folder, "silent", "new", *given) == 0
