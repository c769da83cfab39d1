"""Self-distillation in processes: two learn what one learns, and one that is killed goes on as if it had not been."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from rl.config.distil import DistilConfig
from rl.config.model import ModelConfig
from rl.config.policy import DistilRecipe
from rl.models.load import load_model
from rl.runs.checkpoints import newest_checkpoint
from rl.runs.folder import RunFolder
from rl.runs.rollouts import read_rollouts
from tests.rl.generation.scoring import ScoringServer
from tests.rl.generation.zoo import serving
from tests.rl.training.sharded import launch, weights_of
from tests.rl.training.test_distil import make_recipe
from tests.rl.training.test_resume_after_kill import finish, kill, saved

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def recipe(toy: Path, model: Path, output: Path, **trainer: Any) -> DistilRecipe:
    settings = {"max_steps": 4, "save_steps": 2, "max_completion_length": 12} | trainer
    return make_recipe(toy, model, output, distil={"feedback": "scorecard", "decay": 0.9}, trainer=settings)


def test_two_processes_learn_what_one_learns(toy: Path, tiny_vl: Path, tmp_path: Path) -> None:
    # Plain steps do not make much of a rounding error.
    same = {"optim": "sgd", "learning_rate": 1.0, "max_grad_norm": 0.0}
    found = []
    for processes in (2, 1):
        made = recipe(toy, tiny_vl, tmp_path / str(processes), per_device_train_batch_size=8 // processes, **same)
        launch(made, "cpu.yaml", "--script", processes=processes)
        rollouts = {(each.step, each.episode.case): each.episode.completion for each in read_rollouts(made.output)}
        found.append((rollouts, weights_of(made), teacher(made)))
    (rollouts, weights, average), (alone, expected, its) = found
    assert rollouts == alone and len(rollouts) == 4 * 8
    before = load_model(ModelConfig(path=str(tiny_vl))).state_dict()
    assert any((before[name] - weight).abs().max() > 1e-3 for name, weight in expected.items()), "it must learn"
    for ours, theirs in ((weights, expected), (average, its)):
        assert ours.keys() == theirs.keys()
        for name, weight in theirs.items():
            torch.testing.assert_close(ours[name], weight, atol=1e-5, rtol=1e-4, msg=name)


def test_two_processes_learn_from_a_server_what_one_learns(toy: Path, tiny_text: Path, tmp_path: Path) -> None:
    same = {"optim": "sgd", "learning_rate": 1.0, "max_grad_norm": 0.0}
    found = []
    with serving(ScoringServer(tiny_text)) as server:
        where = {"url": server.url, "model": "large"}
        for processes in (2, 1):
            made = recipe(
                toy, tiny_text, tmp_path / str(processes), per_device_train_batch_size=8 // processes, **same
            )
            made.distil = DistilConfig.model_validate({"feedback": "gold", "top_k": 50, "endpoint": where})
            launch(made, "cpu.yaml", "--script", processes=processes)
            found.append(weights_of(made))
    before = load_model(ModelConfig(path=str(tiny_text))).state_dict()
    assert any((before[name] - weight).abs().max() > 1e-3 for name, weight in found[1].items()), "it must learn"
    for name, weight in found[1].items():
        torch.testing.assert_close(found[0][name], weight, atol=1e-5, rtol=1e-4, msg=name)


def test_a_run_that_is_killed_goes_on_as_if_it_had_not_been(toy: Path, tiny_text: Path, tmp_path: Path) -> None:
    whole, killed = (recipe(toy, tiny_text, tmp_path / name) for name in ("whole", "killed"))
    finish(whole)
    kill(killed, "--kill-at", "3")
    assert saved(killed) == 2
    finish(killed, "--resume")
    assert read_rollouts(killed.output) == read_rollouts(whole.output)
    for ours, theirs in ((weights_of(killed), weights_of(whole)), (teacher(killed), teacher(whole))):
        assert ours.keys() == theirs.keys() and all(torch.equal(ours[name], weight) for name, weight in theirs.items())


def teacher(made: DistilRecipe) -> dict[str, torch.Tensor]:
    newest = newest_checkpoint(RunFolder(made.output))
    assert newest is not None
    return load_file(newest / "teacher.safetensors")
