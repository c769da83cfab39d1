"""What is done before the processes of a launched run start."""

from pathlib import Path

import accelerate.commands.launch
import pytest

from data import DataError
from rl.runs.folder import RunFolder
from rl.runs.lock import hold
from rl.training.launch.launch import launch
from rl.training.launch.machines import Machines

RECIPE = """\
name: mine
data: {{train: {toy}/text.jsonl, rulebook: {toy}/rules.yaml, template: compact}}
model: {{tiny: {{kind: text, hidden: 32, layers: 1, vocab: 512}}}}
output: {run}
"""


@pytest.fixture
def recipe(toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A recipe with a model to be built; nothing is launched."""
    monkeypatch.setattr(accelerate.commands.launch, "launch_command", lambda arguments: None)
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE.format(toy=toy, run=tmp_path / "run"))
    return str(path)


def settings(folder: Path, machine_rank: int) -> str:
    path = folder / f"machine-{machine_rank}.yaml"
    path.write_text(f"num_machines: 2\nmachine_rank: {machine_rank}\nnum_processes: 2\ndistributed_type: MULTI_GPU\n")
    return str(path)


def test_the_model_is_built_and_the_folder_left_to_the_processes(recipe: str, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    assert launch("sft", recipe, {}, "cpu") == 0
    assert (run.tiny / "model.safetensors").is_file()
    with hold(run):
        pass


def test_of_several_machines_the_first_takes_the_folder_for_all(recipe: str, tmp_path: Path) -> None:
    with hold(RunFolder(tmp_path / "run")):  # as the first of the processes does, on the first machine
        assert launch("sft", recipe, {}, settings(tmp_path, machine_rank=1)) == 0
        with pytest.raises(DataError, match="is training here"):
            launch("sft", recipe, {}, settings(tmp_path, machine_rank=0))


def test_what_cannot_be_launched_is_said_before_anything_is_made(recipe: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="zero4"):
        launch("sft", recipe, {}, "zero4")
    with pytest.raises(DataError, match="no training of kind 'stf'"):
        launch("stf", recipe, {}, "cpu")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_of_two_processes_one_is_heard(
    toy: Path, tiny_text: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "recipe.yaml"
    text = RECIPE.format(toy=toy, run=tmp_path / "run").replace(
        "tiny: {kind: text, hidden: 32, layers: 1, vocab: 512}", f"path: {tiny_text}"
    )
    path.write_text(text + "trainer: {max_steps: 2, per_device_train_batch_size: 4, report_to: none, bf16: false}\n")
    assert launch("sft", str(path), {}, "cpu", Machines(2)) == 0
    out, err = capfd.readouterr()
    assert [line.split(",")[0] for line in err.splitlines() if "libraries gave" not in line] == [
        "mine: preparing",
        "mine: in memory: weights 424.4 kB",
        "mine: step 1 of 2",
        "mine: step 2 of 2",
    ]
    assert out.startswith("mine: 2 steps in ") and out.count("trained: ") == 1
    assert "process 1 " in RunFolder(tmp_path / "run").messages.read_text()
