"""The command line says what is wrong with its input in one line, names the place, and exits with 2."""

import json
import re
import sys
from pathlib import Path

import pytest

from rl.cli import main

GOOD = {"id": "a", "text": {"body": "Tea."}, "gold": {"verdict": "approve", "violations": []}}
RULES = "name: small\nrules:\n  - {id: A-1, text: No tea.}\n"
RECIPE = """\
name: small
data: {train: good.jsonl, rulebook: rules.yaml, template: compact}
model: {tiny: {kind: text, context: 128}}
trainer: {max_steps: 1}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with good files and bad ones."""
    monkeypatch.chdir(tmp_path)
    long = {**GOOD, "id": "long", "text": {"body": "tea " * 25_000}}  # 100 KB
    files = {
        "good.jsonl": json.dumps(GOOD),
        "cut.jsonl": json.dumps(GOOD) + '\n{"id": "b", "text": {"bo',
        "twice.jsonl": json.dumps(GOOD) + "\n" + json.dumps(GOOD),
        "misspelt.jsonl": json.dumps({**GOOD, "txt": {}}),
        "unknown_rule.jsonl": json.dumps({**GOOD, "rules": ["A-2"]}),
        "missing_image.jsonl": json.dumps({**GOOD, "images": ["x.png"]}),
        "long.jsonl": json.dumps(long),
        "hostile.jsonl": json.dumps({**GOOD, "rules": ["[red]\u001b[2J"]}),
        "rules.yaml": RULES,
        "rules_twice.yaml": RULES + "  - {id: A-1, text: No coffee.}\n",
        "sft.yaml": RECIPE,
        "misspelt.yaml": RECIPE.replace("max_steps", "max_step"),
        "misspelt_section.yaml": RECIPE.replace("model:", "modle:"),
        "theirs.jsonl": json.dumps({"id": "z", "verdict": "approve"}),
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content + "\n", encoding="utf-8")
    (tmp_path / "latin.jsonl").write_bytes(
        json.dumps({**GOOD, "text": {"body": "Café"}}, ensure_ascii=False).encode("latin-1")
    )
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["ruling", *words])
    with pytest.raises(SystemExit) as exit_:
        main()
    return int(exit_.value.code or 0)


EVALUATE = "evaluate nowhere --rulebook rules.yaml --out out --data"
TRAIN = "train sft --config sft.yaml"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (f"{EVALUATE} none.jsonl", "none.jsonl: no such file or folder"),
        (f"{EVALUATE} cut.jsonl", "cut.jsonl:2: not JSON"),
        (f"{EVALUATE} twice.jsonl", "twice.jsonl:2: id: duplicate id 'a', first in twice.jsonl:1"),
        (f"{EVALUATE} misspelt.jsonl", "misspelt.jsonl:1: txt: "),
        (f"{EVALUATE} latin.jsonl", "latin.jsonl:1: not UTF-8"),
        (f"{EVALUATE} good.jsonl", "nowhere: "),
        (f"{EVALUATE} good.jsonl --rulebook rules_twice.yaml", "rules_twice.yaml: duplicate rule id 'A-1'"),
        (f"{EVALUATE} good.jsonl --rulebook bilboard", "bilboard: .*did you mean 'billboard'"),
        (
            "evaluate --rulebook rules.yaml --out out --data good.jsonl",
            "give a model, a recipe that names one, or --predictions",
        ),
        (
            "evaluate --rulebook rules.yaml --out out --data good.jsonl --predictions theirs.jsonl",
            "theirs.jsonl:1: id: there is no case 'z' in the data",
        ),
        ("review nowhere good.jsonl#b --rulebook rules.yaml", "good.jsonl: there is no case 'b'"),
        ("train sft --config bilboard/sft", "bilboard/sft: no such recipe .*did you mean 'billboard/sft'"),
        ("train sft --config misspelt.yaml", "misspelt.yaml: .*max_step .*did you mean 'max_steps'"),
        ("train sft --config misspelt_section.yaml", "misspelt_section.yaml: modle: .*did you mean 'model'"),
        (f"{TRAIN} --learning_rat 1e-3", "learning_rat: unknown key .*did you mean 'learning_rate'"),
        (f"{TRAIN} --learning_rate", "--learning_rate: a value is missing"),
        (f"{TRAIN} --data.template long", "no prompt template .long.: choose from compact, default"),
        (f"{TRAIN} --num_processes 2", "--num_processes needs --accelerate"),
        (f"{TRAIN} --accelerate zero4", "zero4: .*did you mean 'zero[23]'"),
        (f"{TRAIN} --data.train unknown_rule.jsonl", "rule 'A-2' is not in rulebook 'small'"),
        (f"{TRAIN} --data.train missing_image.jsonl", "case 'a' has pictures|x.png: no such image"),
        (f"{TRAIN} --data.train long.jsonl", r"case 'long' needs \d{5} tokens, and the model's context is 128"),
        (
            f"{TRAIN} --data.train long.jsonl --dry-run",
            r"case 'long' needs \d{5} tokens, and the model's context is 128",
        ),
    ],
)
def test_wrong_input_is_named_in_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, message: str
) -> None:
    assert run(monkeypatch, *command.split()) == 2
    *_, said = capsys.readouterr().err.strip().splitlines()
    assert said.startswith("error: ")
    assert re.search(message, said), said


def test_what_a_file_says_moves_no_cursor_and_is_no_markup(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *TRAIN.split(), "--data.train", "hostile.jsonl") == 2
    said = capsys.readouterr().err
    assert "[red]" in said and "\x1b" not in said


def test_help_names_every_verb(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--help") == 0
    said = capsys.readouterr().out
    assert all(verb in said for verb in ("demo", "data", "train", "review", "evaluate"))


def test_debug_shows_the_traceback_of_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RULING_DEBUG", "")  # so that what the option sets goes with the test
    assert run(monkeypatch, "--debug", "rewards", "show", "none.yaml") == 2
    err = capsys.readouterr().err
    assert "Traceback (most recent call last)" in err and "error: none.yaml: no such rubric" in err


def test_a_name_that_no_file_could_hold_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "rewards", "show", "\udcff.yaml") == 2
    assert "'⟨U+DCFF⟩.yaml' is not UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "message"),
    [("nowhere.yaml", "no such accelerate config"), ("sft.yaml", "sft.yaml: Accelerate refuses the configuration")],
)
def test_a_dry_run_looks_at_the_accelerate_configuration(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: str, message: str
) -> None:
    assert run(monkeypatch, *TRAIN.split(), "--dry-run", "--accelerate", given) == 2
    assert message in capsys.readouterr().err


def test_a_dry_run_that_misses_something_is_a_check_that_failed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*TRAIN.split(), "--dry-run"]
    assert run(monkeypatch, *words) == 0
    assert "ready to train" in capsys.readouterr().out
    assert run(monkeypatch, *words, "--data.train", "gone.jsonl") == 1
    assert "not yet: data" in capsys.readouterr().out
    assert run(monkeypatch, *words, "--data.train", "gone.jsonl", "--json") == 1
    assert json.loads(capsys.readouterr().out)["ready"] is False
