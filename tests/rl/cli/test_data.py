"""`ruling data check`, `convert` and `pairs`, as they are typed."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from data import DataError, Rule, Rulebook, Ruling, Violation
from data.media.folder import ALLOWED
from prompts import write
from rl.cli import app as whole
from rl.cli.data import app
from rl.runs.preferences import read_preferences
from tests.data.media.recordings import write_video


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Rulebook(name="small", rules=(Rule(id="CURE-1", title="no cures", text="No cures."),)).dump("book.yaml")
    Path("map.yaml").write_text("rulebook: book.yaml\ntext: {body: t}\nlabels: {from: l, table: {ok: approve}}\n")
    Path("in.csv").write_text("t,l\nHats,ok\nBad,what\n")
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    return result.exit_code, result.stdout


def test_convert_then_check(folder: Path) -> None:
    code, output = run("convert", "in.csv", "--mapping", "map.yaml", "--out", "out")
    assert code == 0
    assert "1 case in 1 groups, 0 images: 1 approve" in output
    assert "1 row rejected" in output and "1 × l: unknown label 'what'" in output

    code, output = run("check", "out/cases.jsonl", "--rulebook", "book.yaml")
    assert code == 0
    assert "CURE-1" in output and "0 / 1" in output and "0 errors, 0 warnings" in output


def test_check_fails_on_an_error_and_quarantines(folder: Path) -> None:
    hostile = "[red]\x1b[2Jx"
    rows = [{"id": "1", "text": {"title": "Hats"}}, {"id": hostile, "rules": [hostile]}]
    Path("a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + "{cut\n")
    code, output = run("check", "a.jsonl", "--rulebook", "book.yaml", "--quarantine", "apart")
    assert code == 1
    assert "3 errors, 0 warnings" in output
    assert "a.jsonl:2: rules.0: rule '[red]⟨U+001B⟩[2Jx' is not in rulebook 'small'" in output
    assert "1 good rows, 2 bad rows" in output
    assert Path("apart/good/a.jsonl").is_file() and Path("apart/bad/a.jsonl").is_file()


def test_an_id_fakes_no_line_of_the_report(folder: Path) -> None:
    faked = "x\n0 errors, 0 warnings"
    rows = [{"id": faked, "text": {"title": "Hats"}, "rules": [faked]}]
    Path("a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*rows, *rows]))
    code, output = run("check", "a.jsonl", "--rulebook", "book.yaml")
    assert code == 1 and "x⟨U+000A⟩0 errors, 0 warnings" in output
    assert not any(line.startswith("0 errors") for line in output.splitlines())


def test_check_as_json(folder: Path) -> None:
    Path("a.jsonl").write_text('{"id": "1"}\n')
    code, output = run("check", "a.jsonl", "--rulebook", "book.yaml", "--json")
    report = json.loads(output)
    assert code == 1 and report["ok"] is False
    assert report["problems"][0] | {"message": ""} == {
        "kind": "no content", "message": "", "file": "a.jsonl", "line": 1, "field": "text", "level": "error",
    }  # fmt: skip


def test_wrong_input_is_a_data_error(folder: Path) -> None:
    with pytest.raises(DataError, match="no such rulebook"):
        run("check", "a.jsonl", "--rulebook", "bok.yaml")
    with pytest.raises(DataError, match="no such mapping"):
        run("convert", "in.csv", "--mapping", "mip.yaml", "--out", "out")


def test_media_of_another_folder_need_to_be_allowed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALLOWED, "")
    (folder / "in").mkdir()
    Image.new("RGB", (8, 8)).save("x.png")
    Path("in/a.jsonl").write_text('{"id": "1", "images": ["../x.png"]}\n')
    code, output = run("check", "in", "--rulebook", "book.yaml")
    assert code == 1 and "error: media out of reach (1)" in output and "--allow-media DIR" in output
    code, output = run("check", "in", "--rulebook", "book.yaml", "--allow-media", ".")
    assert code == 0 and "0 errors" in output


def test_every_verb_that_reads_cases_can_be_allowed_media() -> None:
    root = typer.main.get_command(whole)
    verbs = {f"{group.name} {verb.name}": verb for group in root.commands.values() for verb in verbs_of(group)}
    reads = {name for name, verb in verbs.items() if any("--allow-media" in option.opts for option in verb.params)}
    assert reads >= {f"rewards {verb}" for verb in ("score", "audit", "replay", "forecast")}
    assert reads >= {"data check", "data convert", "review review", "evaluate evaluate", "compare compare"}
    assert reads >= {name for name in verbs if name.startswith("train ")}


def verbs_of(command: Any) -> list[Any]:
    """The verbs of a group, or the one verb itself."""
    return list(getattr(command, "commands", {"": command}).values())


def test_pairs_of_completions(folder: Path) -> None:
    rows = [{"id": f"c-{n}", "rules": ["CURE-1"], "gold": {"verdict": "approve", "violations": []}} for n in range(10)]
    Path("a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    said = [
        write(Ruling(reasoning="CURE-1: clear", verdict="approve", confidence=0.9)),
        write(
            Ruling(reasoning="CURE-1: broken", verdict="reject", confidence=0.9, violations=[Violation(rule="CURE-1")])
        ),
        "reject it",
    ]
    lines = [json.dumps({"id": row["id"], "completion": text}) for row in rows for text in said]
    Path("said.jsonl").write_text("\n".join(lines))
    options = ("--rubric", "default", "--data", "a.jsonl", "--rulebook", "book.yaml", "--out", "pairs", "--any-length")
    code, output = run("pairs", "said.jsonl", *options)
    assert code == 0
    assert "pairs/train.jsonl: 8 pairs on 8 cases\n" in output and "pairs/test.jsonl: 2 pairs on 2 cases\n" in output
    assert output.endswith("left out: 10 no ruling\n")
    both = read_preferences("pairs/train.jsonl", "pairs/test.jsonl")
    assert {pair.case for pair in both} == {row["id"] for row in rows}
    assert all(pair.chosen.verdict == "approve" and pair.rejected.verdict == "reject" for pair in both)

    with pytest.raises(DataError, match="too few pairs are left"):  # the better one is always the shorter one
        run("pairs", "said.jsonl", *options[:-1])
    with pytest.raises(DataError, match="give --data"):
        run("pairs", "said.jsonl", "--rubric", "default", "--out", "pairs")


def test_prepare_makes_what_models_are_shown_and_fails_where_a_file_is_bad(folder: Path) -> None:
    pytest.importorskip("av")
    pytest.importorskip("selectolax")
    write_video(Path("ads/a.mp4"))
    Path("ads/bad.mp4").write_text("[red]no video")
    Path("ads/a.html").write_text("<h1>Tea</h1><p>Free.")
    rows = [{"id": "1", "video": "a.mp4", "page": "a.html"}, {"id": "2", "page": "http://a.example/"}]
    Path("ads/cases.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("prepare.yaml").write_text("video: {frames: 4, pick: both}\n")
    code, output = run("prepare", "ads/cases.jsonl", "--out", "out", "--config", "prepare.yaml", "--frames", "2")
    assert code == 0 and "2 cases: 1 frame, 1 page section\n1 page known by address only" in output

    with Path("ads/cases.jsonl").open("a") as file:
        file.write(json.dumps({"id": "3", "video": "bad.mp4"}))
    code, output = run("prepare", "ads/cases.jsonl", "--out", "out", "--processes", "2")
    assert code == 1 and "1 case rejected" in output and "1 × video: no recording that can be read" in output
    code, _ = run("check", "out/cases.jsonl", "--rulebook", "book.yaml")
    assert code == 0
    with pytest.raises(DataError, match=r"video\.frames: .*greater than or equal to 1"):
        Path("prepare.yaml").write_text("video: {frames: 0}\n")
        run("prepare", "ads/cases.jsonl", "--out", "out", "--config", "prepare.yaml")


def test_capture_asks_no_host_of_ones_own_network_unless_told(folder: Path) -> None:
    row = {"id": "1", "page": "http://127.0.0.1:1/"}
    Path("a.jsonl").write_text(json.dumps(row) + "\n" + json.dumps({"id": "2", "text": {"title": "Hats"}}) + "\n")
    code, output = run("capture", "a.jsonl", "--out", "out")
    assert code == 1 and "1 case rejected" in output
    assert "1 × page.address: host '127.0.0.1' is one of your own network (127.0.0.1): allow it" in output
    assert json.loads(Path("out/rejected.jsonl").read_text())["source"] == row
