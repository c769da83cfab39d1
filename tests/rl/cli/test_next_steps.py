"""The commands that a run ends with are those of its own recipe, and can be typed as they are."""

import json
import shlex
import sys
from pathlib import Path

import pytest
import yaml

from rl.cli.next_steps import again, next_looks, next_steps
from rl.config import GRPORecipe, RetrieverRecipe, RewardRecipe, SFTRecipe

RECIPE = """\
name: mine
data: {train: ads/train.jsonl, rulebook: rules.yaml}
model: {tiny: {kind: text}}
output: out put
"""
CASE = {"id": "ad-1", "text": {"body": "Tea."}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for path in ("ads", "billboard"):
        Path(path).mkdir()
    Path("mine").mkdir()
    Path("mine/sft.yaml").write_text(RECIPE)
    return tmp_path


def commands(said: str) -> list[list[str]]:
    return [shlex.split(line) for line in said.splitlines() if line.startswith("  ")]


def test_a_shipped_recipe_goes_on_with_its_companions(folder: Path) -> None:
    Path("billboard/test.jsonl").write_text(json.dumps(CASE) + "\n")
    said = str(next_steps(SFTRecipe.load("billboard/sft"), "billboard/sft"))
    run = "runs/billboard-sft"
    assert commands(said) == [
        ["ruling", "evaluate", run, "--config", "billboard/eval", "--out", f"{run}/evaluation"],
        ["ruling", "train", "grpo", "--config", "billboard/grpo"],
        ["ruling", "review", run, "billboard/test.jsonl#ad-1", "--rulebook", "billboard/rulebook.yaml"],
    ]


def test_a_reward_model_is_measured_on_the_pairs_held_out(folder: Path) -> None:
    recipe = RewardRecipe.load("billboard/reward")
    run, book = "runs/billboard-reward", ["--rulebook", "billboard/rulebook.yaml"]
    measured = ["ruling", "evaluate", run, "--pairs", "billboard/pairs/test.jsonl", "--data", "billboard/train.jsonl"]
    assert commands(str(next_steps(recipe, "billboard/reward"))) == [[*measured, *book, "--out", f"{run}/evaluation"]]
    alone = RewardRecipe.load("billboard/reward", {"valid_pairs": "[]"})
    assert commands(str(next_steps(alone, "billboard/reward")))[0][3:5] == ["--pairs", "PAIRS.jsonl"]


def test_what_differs_from_the_companion_is_said(folder: Path) -> None:
    Path("billboard/test.jsonl").write_text(json.dumps(CASE) + "\n")
    changes = {"output": "elsewhere", "data.train": "a.jsonl", "data.rulebook": "b.yaml"}
    evaluate, train, review = commands(str(next_steps(SFTRecipe.load("billboard", changes), "billboard")))
    assert evaluate[3:7] == ["--config", "billboard/eval", "--rulebook", "b.yaml"]
    assert train[5:] == ["--model.path", "elsewhere", "--data.train", "a.jsonl", "--data.rulebook", "b.yaml"]
    again_ = dict(zip((word.removeprefix("--") for word in train[5::2]), train[6::2], strict=True))
    found = GRPORecipe.load("billboard/grpo", again_)
    assert (found.model.path, found.data.train, found.data.rulebook) == ("elsewhere", ["a.jsonl"], "b.yaml")
    assert review[-2:] == ["--rulebook", "b.yaml"]


def test_the_recipes_own_cases_come_first_then_those_beside_the_training_cases(folder: Path) -> None:
    evaluate, _, review = commands(str(next_steps(SFTRecipe.load("mine/sft.yaml"), "mine/sft.yaml")))
    assert evaluate[2:] == [
        *("out put", "--data", "HELD_OUT.jsonl", "--rulebook", "rules.yaml", "--out", "out put/evaluation")
    ]
    assert review[3] == "HELD_OUT.jsonl#ID"
    Path("ads/valid.jsonl").write_text(json.dumps(CASE) + "\n")
    evaluate, _, review = commands(str(next_steps(SFTRecipe.load("mine/sft.yaml"), "mine/sft.yaml")))
    assert evaluate[3:5] == ["--data", "ads/valid.jsonl"] and review[3] == "ads/valid.jsonl#ad-1"
    recipe = SFTRecipe.load("mine/sft.yaml", {"data.valid": "[own.jsonl, more.jsonl]"})
    evaluate, _, review = commands(str(next_steps(recipe, "mine/sft.yaml")))
    assert evaluate[3:7] == ["--data", "own.jsonl", "--data", "more.jsonl"] and review[3] == "own.jsonl#ID"


def test_a_recipe_of_ones_own_goes_on_with_the_one_beside_it(folder: Path) -> None:
    recipe = SFTRecipe.load("mine/sft.yaml")
    _, train, _ = commands(str(next_steps(recipe, "mine/sft.yaml")))
    assert train[3:] == ["--config", "RECIPE.yaml", "--model.path", "out put"]
    Path("mine/grpo.yaml").write_text(RECIPE.replace("tiny: {kind: text}", "path: out put") + "rubric: default\n")
    _, train, _ = commands(str(next_steps(recipe, "mine/sft.yaml")))
    assert train[3:] == ["--config", "mine/grpo.yaml"]


def test_after_rl_the_model_is_compared_with_what_it_began_as_if_that_was_measured(folder: Path) -> None:
    recipe = GRPORecipe.load("billboard/grpo")
    assert [words[1] for words in commands(str(next_steps(recipe, "billboard/grpo")))] == ["evaluate", "review"]
    Path("runs/billboard-sft/evaluation").mkdir(parents=True)
    _, compare, _ = commands(str(next_steps(recipe, "billboard/grpo")))
    assert compare[1:4] == ["compare", "runs/billboard-sft/evaluation", "runs/billboard-grpo/evaluation"]


@pytest.mark.parametrize("case", [{"id": "a; rm -rf ~"}, {"id": "\u202e"}, {"no": "id"}, None])
def test_an_id_that_could_do_harm_is_left_to_be_typed(case: dict[str, str] | None, folder: Path) -> None:
    Path("hostile.jsonl").write_text(json.dumps(case) + "\n" if case else "")
    (review,) = commands(str(next_looks(Path("run"), Path("hostile.jsonl"), Path("rules.yaml"))))
    assert review == ["ruling", "review", "run", "hostile.jsonl#ID", "--rulebook", "rules.yaml"]


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


def by_purpose(recipe: SFTRecipe | GRPORecipe, config: str) -> dict[str, list[str]]:
    """The words of each command, as a shell splits them, by what it is for."""
    head, *lines = next_steps(recipe, config).plain.splitlines()
    assert head == "next"
    return {what.strip(":"): shlex.split(line) for what, line in zip(lines[::2], lines[1::2], strict=True)}


@pytest.mark.parametrize("name", ["my runs", "a'b", "$(rm x); [red]", "-x"])
def test_odd_paths_are_quoted(name: str, tmp_path: Path) -> None:
    said = by_purpose(*recipes(tmp_path / name, "grpo", "eval"))
    assert said["to evaluate it"][2] == str(tmp_path / name / "run")
    assert said["to see one ruling"][3] == f"{tmp_path / name}/test.jsonl#ad-1"


def test_hostile_paths_and_ids_move_no_cursor(tmp_path: Path) -> None:
    recipe, config = recipes(tmp_path / "a\x1b[2J", "eval")
    assert "\x1b" not in next_steps(recipe, config).plain
    (tmp_path / "a\x1b[2J" / "test.jsonl").write_text('{"id": "$(rm x)", "text": {"t": "b"}, "rules": ["R-1"]}\n')
    assert by_purpose(recipe, config)["to see one ruling"][3].endswith("#ID")


def test_the_command_that_runs_can_be_typed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["ruling", "train", "sft", "--config", "my recipe.yaml"])
    assert again("--resume") == "ruling train sft --config 'my recipe.yaml' --resume"
    monkeypatch.setattr(sys, "argv", ["ruling", "train", "sft", "--resume"])
    assert again("--resume") == "ruling train sft --resume"


def test_rules_go_on_being_retrieved(folder: Path) -> None:
    recipe = SFTRecipe.load("billboard/sft", {"data.excerpt": "{retrieve: dense, k: 6, encoder: runs/a b}"})
    words = next(words for words in commands(str(next_steps(recipe, "billboard/sft"))) if "grpo" in words)
    given = {words[at].removeprefix("--"): words[at + 1] for at, word in enumerate(words) if word.startswith("--data")}
    assert GRPORecipe.load("billboard/grpo", given).data.excerpt == recipe.data.excerpt


def test_a_retriever_is_measured_on_cases_held_out(folder: Path) -> None:
    recipe = RetrieverRecipe.load("billboard/retriever", {"data.valid": "held.jsonl"})
    (command,) = commands(str(next_steps(recipe, "billboard/retriever")))
    book = ["--rulebook", "billboard-retrieval/rulebook.yaml", "--encoder", "runs/billboard-retriever"]
    assert command == ["ruling", "rules", "recall", "--data", "held.jsonl", *book]
