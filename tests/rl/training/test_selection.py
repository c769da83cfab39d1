"""A run with ``select`` ends with the checkpoint that rules best, and comes to the same choice after a kill. That
several processes agree, `test_grpo_zero` holds.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from data import Briefs, DataError, Rulebook, load_cases, save_cases
from rewards import Rubric
from rl.config import GRPORecipe, PPORecipe, SFTRecipe
from rl.config.train import SelectingRecipe
from rl.evaluation.evaluate import evaluate_model
from rl.runs.checkpoints import checkpoint_at, keep_newest, newest_checkpoint
from rl.runs.folder import RunFolder
from rl.runs.manifest import COMPLETE
from rl.training import train
from rl.training.preflight import preflight
from rl.training.selecting import Selecting
from rl.training.trainers.reviews import Review, Reviews, needed_by
from rl.training.trainers.selection import check_measurable
from tests.rl.conftest import toy_briefs, toy_cases
from tests.rl.training.test_resume_after_kill import kill
from tests.rl.training.toy_reward import ToyRubric

QUICK = {"gradient_checkpointing": False, "report_to": "none", "disable_tqdm": True, "bf16": False}


@pytest.fixture(scope="session")
def twins(toy: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Seven cases, and the same under other names: what is learned by heart is ruled right."""
    folder = tmp_path_factory.mktemp("twins")
    cases = toy_cases(folder, 7, images=False)
    save_cases(cases, folder / "train.jsonl")
    save_cases([case.model_copy(update={"id": f"valid-{case.id}"}) for case in cases], folder / "valid.jsonl")
    return folder / "train.jsonl", folder / "valid.jsonl"


def data(toy: Path, twins: tuple[Path, Path]) -> dict[str, Any]:
    train_on, valid = twins
    rules = str(toy / "rules.yaml")
    return {"train": [str(train_on)], "valid": [str(valid)], "rulebook": rules, "template": "compact"}


def sft(toy: Path, twins: tuple[Path, Path], model: Path, output: Path, **trainer: Any) -> SFTRecipe:
    """One that learns by heart in some forty steps, and is to stop soon after."""
    settings = {"max_steps": 90, "per_device_train_batch_size": 7, "learning_rate": 1e-2, "save_total_limit": 1}
    settings["lr_scheduler_type"] = "constant"
    return SFTRecipe(
        name="selecting",
        output=output,
        model={"path": str(model)},
        data=data(toy, twins),
        muon=True,
        select={"every": 10, "patience": 2, "max_new_tokens": 150, "batch_size": 4},
        trainer=settings | {"save_steps": 5, "eval_strategy": "no"} | QUICK | trainer,
    )


def reviews(run: Path) -> Reviews:
    return Reviews.of(newest_checkpoint(RunFolder(run)))


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def same(one: Path, other: Path) -> bool:
    first, second = weights(one), weights(other)
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def accuracy(model: Path, recipe: SelectingRecipe, out: Path) -> float:
    briefs = Briefs.bind(load_cases(*recipe.data.valid), Rulebook.load(recipe.data.rulebook))
    decoding = Selecting(recipe).decoding
    return evaluate_model(model, briefs, out, decoding=decoding, progress=False).metrics["verdict_accuracy"].value


def test_the_best_is_the_first_of_the_best() -> None:
    def found(by: str, *values: float | None) -> Reviews:
        said = (Review(step=10 * place, value=value) for place, value in enumerate(values, start=1))
        return Reviews(by=by, reviews=tuple(said))

    accurate = found("verdict_accuracy", 0.5, None, 0.75, 0.75, 0.0)
    assert accurate.best.step == 30 and accurate.without_gain == 2
    costly = found("cost", 2.0, 0.0, 1.0)
    assert costly.best.step == 20 and costly.without_gain == 1
    unknown = found("rule_f1", None, None)
    assert unknown.best is None and unknown.without_gain == 2 and found("rule_f1").without_gain == 0


def test_a_checkpoint_stays_as_long_as_another_needs_it(tmp_path: Path) -> None:
    found = Reviews(by="verdict_accuracy")
    for step, value in ((10, 0.5), (20, 0.25), (30, 0.25), (40, 0.75), (50, 0.5)):
        checkpoint = checkpoint_at(tmp_path, step)
        checkpoint.mkdir()
        found = Reviews(by=found.by, reviews=(*found.reviews, Review(step=step, value=value)))
        found.write(checkpoint)
        (checkpoint / COMPLETE).touch()
        keep_newest(tmp_path, 1, needed_by)
        there = {folder.name for folder in tmp_path.iterdir()}
        assert there == {checkpoint.name, f"checkpoint-{found.best.step}"}


@pytest.mark.parametrize(
    ("by", "fault"),
    [
        ("verdict_acuracy", "did you mean 'verdict_accuracy'"),
        ("coverage", "no figure 'coverage' that a model can be better by"),
        ("recall_at_precision_90", "says nothing of one ruling a case"),
        ("false_alarms_per_hour", "no figure"),
    ],
)
def test_figures_that_nothing_can_be_chosen_by_are_refused(by: str, fault: str, toy: Path) -> None:
    with pytest.raises(DataError, match=fault):
        check_measurable(by, toy_briefs(toy / "text.jsonl", 12))


def test_cases_without_gold_choose_nothing(toy: Path) -> None:
    cases = [case.model_copy(update={"gold": None}) for case in load_cases(toy / "text.jsonl")[:4]]
    with pytest.raises(DataError, match="says nothing"):
        check_measurable("verdict_accuracy", Briefs.bind(cases, Rulebook.load(toy / "rules.yaml")))


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"data": {"valid": []}}, "name files in 'data.valid'"),
        ({"trainer": {"save_steps": 4}}, "10 steps are not a multiple of save_steps, which is 4"),
        ({"trainer": {"save_strategy": "epoch"}}, "want steps"),
        ({"data": {"windows": {"seconds": 4, "every": 4}}}, "windows are not reviewed"),
    ],
)
def test_recipes_that_cannot_select_are_refused(
    changed: dict, fault: str, toy: Path, twins: tuple[Path, Path], tmp_path: Path
) -> None:
    plain = sft(toy, twins, tmp_path, tmp_path).model_dump(exclude={"model": {"tiny"}})
    with pytest.raises(ValueError, match=fault):
        SFTRecipe(**plain | {name: plain[name] | inner for name, inner in changed.items()})


def test_a_run_is_saved_where_it_is_reviewed_if_it_does_not_say_when(
    toy: Path, twins: tuple[Path, Path], tmp_path: Path
) -> None:
    plain = sft(toy, twins, tmp_path, tmp_path).model_dump(exclude={"model": {"tiny"}})
    del plain["trainer"]["save_steps"]
    assert SFTRecipe(**plain).arguments().save_steps == 10


def test_a_dry_run_says_what_it_costs(toy: Path, twins: tuple[Path, Path], tiny_text: Path, tmp_path: Path) -> None:
    file = tmp_path / "recipe.json"
    recipe = sft(toy, twins, tiny_text, tmp_path / "run")
    file.write_text(recipe.model_dump_json(exclude={"model": {"tiny"}}))
    told = {finding.what: finding.found for finding in preflight("sft", str(file)).findings}
    assert "by verdict accuracy every 10 steps, at most 9 times, until 2 in a row are no better" in told["select"]
    assert "7 episodes are written, of at most 1,050 tokens" in told["select"]
    with pytest.raises(DataError, match="is in 'train'"):
        preflight("sft", str(file), {"data.valid": str(twins[0])})


@pytest.mark.parametrize("kind", [GRPORecipe, PPORecipe])
def test_policies_are_reviewed_and_learn_as_if_they_were_not(
    kind: type[SelectingRecipe],
    toy: Path,
    twins: tuple[Path, Path],
    tiny_text: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Rubric, "load", lambda *args: ToyRubric())
    settings = {"max_steps": 2, "save_steps": 1, "per_device_train_batch_size": 4, "num_generations": 2}
    settings |= {"max_completion_length": 6, "learning_rate": 1e-3, "eval_strategy": "no"} | QUICK
    if kind is GRPORecipe:
        settings["scale_rewards"] = "batch"
    for name, select in (("plain", None), ("selecting", {"every": 1})):
        own = {"name": name, "output": tmp_path / name, "model": {"path": str(tiny_text)}, "rubric": "toy"}
        train(kind(**own, data=data(toy, twins), select=select, trainer=settings))
    assert [review.step for review in reviews(tmp_path / "selecting").reviews] == [1, 2]
    for step in (1, 2):
        assert same(*(checkpoint_at(RunFolder(tmp_path / name).checkpoints, step) for name in ("plain", "selecting")))
    assert same(RunFolder(tmp_path / "selecting").final, checkpoint_at(tmp_path / "selecting" / "checkpoints", 1))


@pytest.fixture(scope="module")
def whole(toy: Path, twins: tuple[Path, Path], tiny_text: Path, tmp_path_factory: pytest.TempPathFactory) -> SFTRecipe:
    recipe = sft(toy, twins, tiny_text, tmp_path_factory.mktemp("whole") / "run", save_total_limit=None)
    train(recipe)
    return recipe


@pytest.mark.slow
@pytest.mark.timeout(300)
class TestASupervisedRun:
    def test_ends_with_the_best_checkpoint_as_evaluation_has_it(self, whole: SFTRecipe, tmp_path: Path) -> None:
        run, found = RunFolder(whole.output), reviews(whole.output)
        again = {
            review.step: accuracy(checkpoint_at(run.checkpoints, review.step), whole, tmp_path / str(review.step))
            for review in found.reviews
        }
        assert again == {review.step: review.value for review in found.reviews}
        assert len(set(again.values())) > 1, "there must be something to choose"
        best, last = max(again, key=lambda step: (again[step], -step)), found.reviews[-1].step
        assert best < last < whole.trainer["max_steps"], "patience has ended it"
        assert same(run.final, checkpoint_at(run.checkpoints, best))
        assert not same(run.final, checkpoint_at(run.checkpoints, last))
        said = json.loads((run.path / "run.json").read_text())["selected"]
        assert (said["step"], said["by"], len(said["reviews"])) == (best, "verdict_accuracy", len(again))

    def test_learns_as_if_it_were_not_reviewed(self, whole: SFTRecipe, tmp_path: Path) -> None:
        plain = whole.model_copy(update={"select": None, "output": tmp_path / "plain"})
        plain.trainer = plain.trainer | {"max_steps": 20}
        train(plain)
        checkpoints = (RunFolder(recipe.output).checkpoints for recipe in (whole, plain))
        assert same(*(checkpoint_at(folder, 20) for folder in checkpoints))

    def test_comes_to_the_same_choice_after_a_kill(
        self, whole: SFTRecipe, toy: Path, twins: tuple[Path, Path], tiny_text: Path, tmp_path: Path
    ) -> None:
        killed = sft(toy, twins, tiny_text, tmp_path / "killed")
        kill(killed, "--kill-at", "27")
        train(killed, resume=True)
        assert reviews(killed.output) == reviews(whole.output)
        run = RunFolder(killed.output)
        assert same(run.final, RunFolder(whole.output).final)
        assert len(list(run.checkpoints.glob("checkpoint-*"))) == 2, "the newest, and the best"

        shutil.rmtree(run.final)  # as if killed before its end was written: there is no more to train
        train(killed, resume=True)
        assert reviews(killed.output) == reviews(whole.output) and same(run.final, RunFolder(whole.output).final)

        best = checkpoint_at(run.checkpoints, reviews(killed.output).best.step)
        shutil.rmtree(best)
        with pytest.raises(DataError, match=f"{best.name}: was the best checkpoint so far, and is gone"):
            train(killed, resume=True)
