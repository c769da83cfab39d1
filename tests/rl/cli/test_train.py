"""``ruling train``: what it says in the end, and when it is stopped."""

import sys
from pathlib import Path
from typing import Any

import pytest

import rl.training
import rl.training.launch.launch
from rl.cli import main
from rl.config.recipe import Recipe
from rl.runs.checkpoints import checkpoint_at
from rl.runs.folder import RunFolder
from rl.runs.manifest import Manifest

RECIPE = """\
name: mine
data: {train: train.jsonl, rulebook: rules.yaml, template: compact}
model: {tiny: {kind: text}}
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """The run that `train` would make; nothing is trained."""
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(RECIPE)
    return RunFolder(Path("runs/mine"))


def train(monkeypatch: pytest.MonkeyPatch, trained: Any, *words: str) -> int:
    monkeypatch.setattr(rl.training, "train", trained)
    monkeypatch.setattr(sys, "argv", ["ruling", "train", "sft", "--config", "mine.yaml", *words])
    with pytest.raises(SystemExit) as exit_:
        main()
    return int(exit_.value.code or 0)


def stopped(recipe: Recipe, resume: bool) -> Path:
    raise KeyboardInterrupt


def test_a_run_that_is_stopped_says_how_to_go_on(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = "ruling train sft --config mine.yaml"
    assert train(monkeypatch, stopped) == 130
    said = f"stopped; to begin again, since there is no checkpoint yet: {command} --resume\n"
    assert capsys.readouterr() == ("", said)
    for step in (20, 40):
        checkpoint_at(run.checkpoints, step).mkdir(parents=True)
        Manifest.write(checkpoint_at(run.checkpoints, step), {}, {})
    checkpoint_at(run.checkpoints, 60).mkdir()  # which was being saved
    assert train(monkeypatch, stopped, "--resume") == 130
    assert capsys.readouterr() == ("", f"stopped; to go on from step 40: {command} --resume\n")


def test_a_run_that_is_done_says_what_to_do_next(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(monkeypatch, lambda recipe, resume: run.final, "--output", "else where") == 0
    out, err = capsys.readouterr()
    assert err == "" and out.startswith("next\nto evaluate it:\n  ruling evaluate 'else where' --data ")
    assert "\n  ruling train grpo --config RECIPE.yaml --model.path 'else where'\n" in out


@pytest.mark.parametrize(
    ("code", "exit_code", "said"),
    [(-11, -11, "a process was ended by signal 11: runs/mine/messages.log may say why\n"), (2, 2, "")],
)
def test_a_process_that_crashed_is_told_of(
    code: int,
    exit_code: int,
    said: str,
    run: RunFolder,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(rl.training.launch.launch, "launch", lambda *arguments: code)
    assert train(monkeypatch, stopped, "--accelerate", "cpu") == exit_code
    assert capsys.readouterr() == ("", said)
