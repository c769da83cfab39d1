"""Where things of a run lie, and that no other module says so."""

import ast
import json
from pathlib import Path

import pytest

from data import DataError
from rl.runs.folder import RUN, RunFolder

ROOT = Path(__file__).parents[3]
FACTS = {"template": {"name": "compact", "version": "1"}, "steps": 7, "packages": {"python": "3"}}


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run that says where its model comes from."""
    run = RunFolder(tmp_path / "runs" / "mine")
    for folder in (run.final, run.checkpoints / "checkpoint-4", run.rollouts, run.tiny):
        folder.mkdir(parents=True)
    (run.path / RUN).write_text(json.dumps(FACTS))
    return run


@pytest.mark.parametrize(
    "inner",
    [".", "checkpoints", "checkpoints/final", "checkpoints/checkpoint-4", "rollouts", "rollouts/00000000-0.parquet",
     "tiny"],
)  # fmt: skip
def test_a_run_is_found_from_what_lies_in_it(run: RunFolder, inner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert RunFolder.around(run.path / inner).path == run.path
    monkeypatch.chdir(run.path.parent)
    found = RunFolder.around(Path("mine") / inner).facts()
    assert (found.template and found.template.name, found.steps) == ("compact", 7)


@pytest.mark.parametrize("inner", ["checkpoints/final", "checkpoints", "rollouts"])
def test_a_run_is_found_from_the_inside(run: RunFolder, inner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run.path / inner)
    assert RunFolder.around(".").facts().steps == 7


def test_a_run_json_that_happens_to_lie_above_is_of_something_else(run: RunFolder) -> None:
    for model in ("model", "models/base"):
        (run.path / model).mkdir(parents=True)
        assert RunFolder.around(run.path / model).facts().template is None


def test_a_folder_with_a_run_json_is_the_run_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "rollouts").mkdir()
    (tmp_path / "rollouts" / RUN).write_text(json.dumps(FACTS))
    assert RunFolder.around(tmp_path / "rollouts").facts().steps == 7


def test_a_run_is_trained_when_it_says_so(run: RunFolder) -> None:
    assert run.is_trained
    (run.path / RUN).unlink()  # killed while the last checkpoint was being written
    assert not run.is_trained and run.facts().steps is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "run.json: not JSON"),
        ("[]", "run.json: want a JSON object, not list"),
        ('{"template": {"version": "1"}}', "run.json: template.name: Field required"),
        ('{"template": "compact"}', "run.json: template: "),
        ('{"recipe": {"data": {"train": "a.jsonl"}}}', "run.json: recipe.data.train: "),
        ('{"steps": "many"}', "run.json: steps: "),
    ],
)
def test_a_damaged_run_json_is_named_with_the_field(run: RunFolder, content: str, message: str) -> None:
    (run.path / RUN).write_text(content)
    with pytest.raises(DataError, match=message):
        RunFolder.around(run.final).facts()


def test_the_names_stand_in_one_place() -> None:
    names = {"run.json", "run.lock", "holder.json", "hard.json", "complete.json", "checkpoints", "rollouts"}
    allowed = {"rl/runs/folder.py", "rl/runs/manifest.py", "rewards/models/location.py"}
    modules = [path for floor in ("data", "prompts", "rewards", "rl") for path in sorted((ROOT / floor).rglob("*.py"))]
    found = {
        f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"
        for path in modules
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and set(node.value.split("/")) & names
        if path.relative_to(ROOT).as_posix() not in allowed
    }
    assert not found
