"""``ruling evaluate``: what it prints, and what it leaves on disk."""

import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data import Case, DataError, Rule, Rulebook, save_cases
from rl.cli.evaluate import app
from rl.cli.figures import read_prices

RULES = ("GUN-1", "CURE-1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cases of two markets, a rulebook, and predictions that are right four times in five."""
    folder, draw = tmp_path_factory.mktemp("cli"), random.Random(0)
    Rulebook(name="two", rules=[Rule(id=id_, text="No.", severity="high") for id_ in RULES]).dump(folder / "book.yaml")
    for split in ("valid", "test"):
        cases, lines = [], []
        for n in range(300):
            broken = draw.choice([[], [], *([rule] for rule in RULES)])
            verdict = "reject" if broken else "approve"
            gold = {"verdict": verdict, "violations": [{"rule": rule} for rule in broken]}
            market = draw.choice(["SG", "[red]DE"])
            cases.append(Case(id=f"{split}-{n}", text={"title": "t"}, meta={"market": market}, gold=gold))
            right = draw.random() < 0.8
            said = verdict if right else {"reject": "approve", "approve": "reject"}[verdict]
            risk = round(draw.uniform(0.5, 1), 2) if said == "reject" else round(draw.uniform(0, 0.5), 2)
            violations = broken if right else ["GUN-1"] * (said == "reject")
            lines.append({"id": f"{split}-{n}", "verdict": said, "violations": violations, "risk": risk})
        save_cases(cases, folder / f"{split}.jsonl")
        (folder / f"{split}-predictions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def run(folder: Path, split: str, *options: str) -> str:
    words = ["--predictions", folder / f"{split}-predictions.jsonl", "--data", folder / f"{split}.jsonl"]
    words += ["--rulebook", folder / "book.yaml", "--out", folder / f"out-{split}", "--name", "theirs", *options]
    found = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "140"})
    assert found.exit_code == 0, found.output or found.exception
    return found.output


def test_thresholds_slices_prevalence_and_prices(folder: Path) -> None:
    run(folder, "valid")
    options = ["--thresholds", str(folder / "out-valid"), "--by", "meta.market", "--prevalence", "0.02"]
    said = run(folder, "test", *options, "--prices", "miss=10,severity.high=3")
    for part in ("recall at precision .90", "precision achieved for .90", "AUPRC", "by meta.market", "[red]DE", "SG"):
        assert part in said, part
    assert "if 2.0% were to be rejected" in said and "F1 by rule" in said and "GUN-1" in said
    saved = json.loads((folder / "out-test" / "metrics.json").read_text())
    assert saved["settings"]["prices"]["miss"] == 10 and saved["settings"]["prevalence"] == 0.02
    assert saved["settings"]["thresholds"]["source"] == "valid"
    assert set(saved["slices"]["meta.market"]) == {"SG", "[red]DE"}
    misses, flags = (saved["metrics"][name]["value"] for name in ("miss_rate", "false_flag_rate"))
    rejected = sum(saved["cells"]["reject"].values()) / 300
    expected = misses * rejected * (1 + 10 * 3) + flags * (1 - rejected) * 2
    assert saved["metrics"]["cost"]["value"] == pytest.approx(expected)
    for name in ("predictions.parquet", "metrics.parquet", "run.json", "report.html"):
        assert (folder / "out-test" / name).is_file()


def refused(folder: Path, *options: object) -> str:
    words = ["--rulebook", folder / "book.yaml", "--out", folder / "refused", "--name", "theirs", *options]
    found = CliRunner().invoke(app, [str(word) for word in words])
    assert isinstance(found.exception, DataError) and not (folder / "refused").exists()
    return str(found.exception)


def test_thresholds_are_for_one_model_under_one_rulebook_and_from_other_cases(folder: Path) -> None:
    run(folder, "valid")
    test, valid = (
        ("--predictions", folder / f"{split}-predictions.jsonl", "--data", folder / f"{split}.jsonl", "--thresholds",
         folder / "out-valid")
        for split in ("test", "valid")
    )  # fmt: skip
    said = refused(folder, *test, "--name", "ours")
    assert "chosen on 'valid' for another model ('theirs', not 'ours')" in said and "the same --name" in said
    rules = [Rule(id=id_, text="Not at all.", severity="high") for id_ in RULES]
    Rulebook(name="two", rules=rules).dump(folder / "other.yaml")
    assert "for another rulebook" in refused(folder, *test, "--rulebook", folder / "other.yaml")
    assert "which has 300 of these cases: valid-0, " in refused(folder, *valid)
    run_json = folder / "out-valid" / "run.json"
    facts = json.loads(run_json.read_text())
    run_json.write_text(json.dumps({key: value for key, value in facts.items() if key != "origin"}))
    assert "does not say which model it is of" in refused(folder, *test)


def test_an_out_that_holds_anothers_results_is_refused(folder: Path, tmp_path: Path) -> None:
    run(folder, "test", "--out", str(tmp_path))
    before = (tmp_path / "metrics.json").read_bytes()
    other = tmp_path / "other.jsonl"
    other.write_bytes((folder / "test-predictions.jsonl").read_bytes())
    base = ["--data", folder / "test.jsonl", "--rulebook", folder / "book.yaml", "--out", tmp_path]
    found = CliRunner().invoke(app, [str(word) for word in ["--predictions", other, *base]])
    assert isinstance(found.exception, DataError)
    assert "holds the evaluation of 'theirs'" in str(found.exception) and "another --out" in str(found.exception)
    assert (tmp_path / "metrics.json").read_bytes() == before
    run(folder, "test", "--out", str(tmp_path), "--prevalence", "0.1")  # its own may be measured again


def test_a_key_that_no_case_has_is_said(folder: Path) -> None:
    assert "no case has meta.nothing" in run(folder, "test", "--by", "meta.nothing")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("mis=4", "--prices mis: unknown key .*did you mean 'miss'"),
        ("miss=a", "--prices miss: "),
        ("miss", "--prices miss: "),
        ("severity.grave=1", "--prices severity.grave: unknown key"),
    ],
)
def test_what_is_wrong_with_prices_is_said(given: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_prices(given)


def test_prices() -> None:
    prices = read_prices("miss=6, escalation=.1, severity.critical=3")
    assert (prices.miss, prices.false_flag, prices.escalation, prices.severity.critical) == (6, 1, 0.1, 3)
    assert read_prices("") == type(prices)()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["m", "--endpoint", "http://x", "--model", "y"], "give one of these"),
        (["--endpoint", "http://x"], "go together"),
        (["--prevalence", "2"], "between 0 and 1"),
        (["--thresholds", "nowhere"], "'predictions.parquet' is missing: not an evaluation"),
        (["m", "--pairs", "p.jsonl", "--robustness", "rule-ids"], "writes nothing: --robustness does not go with it"),
        (["m", "--pairs", "p.jsonl", "--predictions", "x.jsonl"], "writes nothing: --predictions does not go with it"),
        (["--pairs", "p.jsonl"], "give the reward model"),
        (["m", "--pairs", "p.jsonl"], "p.jsonl: cannot be read: No such file"),
    ],
)
def test_options_that_do_not_go_together(folder: Path, options: list[str], message: str) -> None:
    base = ["--data", str(folder / "test.jsonl"), "--rulebook", str(folder / "book.yaml"), "--out", str(folder / "x")]
    found = CliRunner().invoke(app, [*options, *base])
    assert isinstance(found.exception, DataError) and message in str(found.exception)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--predictions", "theirs.jsonl", "--faithfulness"], "does not go with --predictions"),
        (["--endpoint", "http://localhost:1/v1", "--model", "m", "--faithfulness"], "does not go with --endpoint"),
        (["model", "--faithfulness-cases", "9"], "on how many cases --faithfulness is measured: give both"),
    ],
)
def test_faithfulness_is_refused_where_it_cannot_be_measured(folder: Path, options: list[str], message: str) -> None:
    words = [*options, "--data", folder / "test.jsonl", "--rulebook", folder / "book.yaml", "--out", folder / "no"]
    found = CliRunner().invoke(app, [str(word) for word in words])
    assert isinstance(found.exception, DataError) and message in str(found.exception)
    assert not (folder / "no").exists()


def test_faithfulness_is_measured_on_so_many_cases(tiny_text: Path, toy: Path, tmp_path: Path) -> None:
    words = [tiny_text, "--data", toy / "text.jsonl", "--rulebook", toy / "rules.yaml", "--out", tmp_path]
    words += ["--template", "compact", "--max-new-tokens", 4, "--faithfulness", "--faithfulness-cases", 5]
    found = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "140"})
    assert found.exit_code == 0, found.output or found.exception
    (row,) = (line for line in found.output.splitlines() if "verdict accuracy without reasoning" in line)
    assert " 5 │" in row
    assert "verdict accuracy without reasoning" in (tmp_path / "report.html").read_text()
    assert json.loads((tmp_path / "metrics.json").read_text())["metrics"]["reasoning_gain"]["support"] == 5
    assert json.loads((tmp_path / "run.json").read_text())["faithfulness"]["cases"] == 5
