"""What to do next, with the recipes that lie beside this one, and words that a shell takes as they are meant."""

import shlex
from pathlib import Path

import pytest
import yaml

from rl.cli.next_steps import again, next_steps
from rl.config.train import GRPORecipe, SFTRecipe


def recipes(folder: Path, *kinds: str) -> tuple[SFTRecipe, str]:
    """An SFT recipe in a folder of its own, with companions of some kinds."""
    folder.mkdir()
    (folder / "test.jsonl").write_text('{"id": "ad-1", "text": {"title": "bread"}, "rules": ["R-1"]}\n')
    data = {"train": [str(folder / "train.jsonl")], "rulebook": str(folder / "rules.yaml")}
    model = {"path": str(folder / "base")}
    sft = {"name": "s", "output": str(folder / "run"), "model": model, "data": data}
    (folder / "sft.yaml").write_text(yaml.safe_dump(sft))
    grpo = sft | {"name": "g", "output": str(folder / "rl"), "rubric": "default"}
    evaluation = {"data": [str(folder / "test.jsonl")], "rulebook": data["rulebook"]}
    for kind, content in (("grpo", grpo), ("eval", {"name": "e"} | evaluation)):
        if kind in kinds:
            (folder / f"{kind}.yaml").write_text(yaml.safe_dump(content))
    return SFTRecipe.load(str(folder / "sft.yaml")), str(folder / "sft.yaml")


def commands(recipe: SFTRecipe | GRPORecipe, config: str) -> dict[str, list[str]]:
    """The words of each command, as a shell splits them, by what it is for."""
    head, *lines = next_steps(recipe, config).plain.splitlines()
    assert head == "next"
    return {what.strip(":"): shlex.split(line) for what, line in zip(lines[::2], lines[1::2], strict=True)}


def test_companions_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    said = commands(*recipes(folder, "grpo", "eval"))
    run, rules = str(folder / "run"), str(folder / "rules.yaml")
    evaluate = ["ruling", "evaluate", run, "--config", str(folder / "eval.yaml"), "--out", f"{run}/evaluation"]
    continued = ["ruling", "train", "grpo", "--config", str(folder / "grpo.yaml"), "--model.path", run]
    assert said == {
        "to evaluate it": evaluate,
        "to go on with RL": continued,
        "to see one ruling": ["ruling", "review", run, f"{folder}/test.jsonl#ad-1", "--rulebook", rules],
    }


def test_without_companions_files_beside_the_training_data_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    given = recipes(folder)
    said = commands(*given)
    assert said["to evaluate it"][3:5] == ["--data", f"{folder}/test.jsonl"]
    assert said["to go on with RL"][3:5] == ["--config", "RECIPE.yaml"]
    (folder / "test.jsonl").unlink()
    bare = commands(*given)
    assert bare["to evaluate it"][3:5] == ["--data", "HELD_OUT.jsonl"]
    assert bare["to see one ruling"][3] == "HELD_OUT.jsonl#ID"


def test_a_base_that_was_evaluated_is_compared(tmp_path: Path) -> None:
    recipe, config = recipes(tmp_path / "mine", "grpo")
    (tmp_path / "mine" / "base" / "evaluation").mkdir(parents=True)
    words = commands(recipe, config)["to compare it with what it began as"]
    assert words[2:4] == [f"{tmp_path}/mine/base/evaluation", f"{tmp_path}/mine/run/evaluation"]
    rl = GRPORecipe.load(str(tmp_path / "mine" / "grpo.yaml"))
    assert "to go on with RL" not in commands(rl, str(tmp_path / "mine" / "grpo.yaml"))


@pytest.mark.parametrize("name", ["my runs", "a'b", "$(rm x); [red]", "-x"])
def test_odd_paths_are_quoted(name: str, tmp_path: Path) -> None:
    said = commands(*recipes(tmp_path / name, "grpo", "eval"))
    assert said["to evaluate it"][2] == str(tmp_path / name / "run")
    assert said["to see one ruling"][3] == f"{tmp_path / name}/test.jsonl#ad-1"


def test_hostile_paths_and_ids_move_no_cursor(tmp_path: Path) -> None:
    recipe, config = recipes(tmp_path / "a\x1b[2J", "eval")
    assert "\x1b" not in next_steps(recipe, config).plain
    (tmp_path / "a\x1b[2J" / "test.jsonl").write_text('{"id": "$(rm x)", "text": {"t": "b"}, "rules": ["R-1"]}\n')
    assert commands(recipe, config)["to see one ruling"][3].endswith("#ID")


def test_the_command_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/usr/bin/ruling", "train", "sft", "--config", "my recipe.yaml"])
    assert again("--resume") == "ruling train sft --config 'my recipe.yaml' --resume"
    monkeypatch.setattr("sys.argv", ["ruling", "train", "sft", "--resume"])
    assert again("--resume") == "ruling train sft --resume"
