"""Self-distillation: what its loss is of, who its teacher is, and that a run goes on as if it had not been stopped."""

import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from data import DataError
from prompts.feedback import CLOSE, OPEN, Feedback
from rewards import Rubric
from rl.config.model import ModelConfig
from rl.config.policy import DistilRecipe
from rl.models.load import context_length, load_model, load_processor
from rl.runs.folder import RunFolder
from rl.runs.rollouts import read_rollouts
from rl.training.feedback import Tell, gold
from rl.training.launch.sharding import Sharding
from rl.training.registry import stage_of, train
from rl.training.rows import rows_for_rl
from rl.training.trainers import distil
from rl.training.trainers.distil import LESSONS, TOKENS, TOLD, WEIGHTS, RulingDistilTrainer
from rl.training.trainers.remote_distil import RemoteDistilTrainer
from tests.rl.conftest import toy_briefs
from tests.rl.training.toy_reward import ToyReward, ToyRubric

LORA = {"r": 4, "alpha": 8}
DIVERGENCES = ("forward", "reverse", "jensen_shannon")


def make_recipe(toy: Path, model: Path, output: Path, **sections: Any) -> DistilRecipe:
    settings = {
        "max_steps": 2,
        "save_steps": 2,
        "num_generations": 1,
        "max_completion_length": 8,
        "per_device_train_batch_size": 8,
        "learning_rate": 1e-3,
        "gradient_checkpointing": False,
        "report_to": "none",
        "logging_steps": 1,
        "disable_tqdm": True,
    }
    cases = "text.jsonl" if "text" in model.name else "cases.jsonl"
    given: dict[str, Any] = {
        "name": "distil",
        "output": output,
        "rubric": "toy",
        "data": {"train": [str(toy / cases)], "rulebook": str(toy / "rules.yaml"), "template": "compact"},
        "model": {"path": str(model), "lora": sections.pop("lora", None)},
        "trainer": settings | sections.pop("trainer", {}),
    }
    return DistilRecipe(**given | sections)


@pytest.fixture
def toy_rubric(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rubric, "load", lambda *args: ToyRubric())


def make_trainer(
    toy: Path, model: Path, output: Path, tell: Tell = gold, shared: bool = True, half: bool = False, **sections: Any
) -> RulingDistilTrainer:
    recipe = make_recipe(toy, model, output, **sections)
    processor, policy = load_processor(model), load_model(recipe.model)
    briefs = toy_briefs(Path(recipe.data.train[0]), 32)
    kind = RulingDistilTrainer if recipe.distil.endpoint is None else RemoteDistilTrainer
    return kind(
        model=policy,
        args=recipe.arguments(bf16=half, use_cpu=True, save_strategy="no"),
        train_dataset=rows_for_rl(briefs, processor, context_length(policy), 8, "compact"),
        processing_class=processor,
        reward=ToyReward(),
        briefs=briefs,
        rollouts=output / "rollouts",
        distil=recipe.distil,
        tell=tell,
        start=recipe.model,
        template="compact",
        shared_prefix=shared,
    )


def scripted(trainer: RulingDistilTrainer, texts: Sequence[str] | None = None) -> dict[str, Any]:
    """A batch of the same completions for all trainers: of tokens at random, ragged, one of them the end of the turn
    and nothing else; or texts, cut off at 8 tokens.
    """

    def write(prompt_ids: list, *args: Any, **kwargs: Any) -> Any:
        drawn, end = random.Random(3), trainer._tokenizer.eos_token_id
        if texts is not None:
            return [trainer._tokenizer(text, add_special_tokens=False)["input_ids"][:8] for text in texts], None
        sizes = [0] + [drawn.choice([2, 5, 8]) for _ in prompt_ids[1:]]
        return [[drawn.randrange(100, 300) for _ in range(size)] + [end] * (size < 8) for size in sizes], None

    trainer._generate_single_turn = write  # type: ignore[method-assign]
    trainer.model.train()
    group = trainer.num_generations or 1
    batch = trainer._generate_and_score_completions([trainer.train_dataset[n // group] for n in range(8)])
    trainer.current_gradient_accumulation_steps = 1
    return batch


def learned(trainer: RulingDistilTrainer, batch: dict[str, Any]) -> tuple[float, dict[str, torch.Tensor]]:
    """The loss, and the gradients."""
    trainer.model.zero_grad()
    loss = trainer._compute_loss(trainer.model, dict(batch))
    loss.backward()
    return loss.item(), {n: w.grad for n, w in trainer.model.named_parameters() if w.grad is not None}


def move(model: torch.nn.Module, by: float = 0.02) -> None:
    """Makes of a policy another one than it was at the start."""
    draw = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            if weight.requires_grad and "teacher" not in name.split("."):
                weight.add_(torch.randn(weight.shape, generator=draw) * by)


@pytest.mark.parametrize("decay", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("how", DIVERGENCES)
def test_a_teacher_that_is_the_student_and_is_told_nothing_teaches_nothing(
    how: str, decay: float, toy: Path, tiny_vl: Path, tmp_path: Path
):
    distil = {"divergence": how, "decay": decay}
    trainer = make_trainer(toy, tiny_vl, tmp_path, lambda brief, card: Feedback(), distil=distil)
    batch = scripted(trainer)
    assert batch[LESSONS].tolist() == [1.0] * 8
    loss, gradients = learned(trainer, batch)
    assert loss == pytest.approx(0, abs=1e-6) and gradients
    assert all(gradient.abs().max() < 1e-6 for gradient in gradients.values())
    trainer.tell = gold
    told_something, gradients = learned(trainer, scripted(trainer))
    assert told_something > 1e-4 and max(gradient.abs().max() for gradient in gradients.values()) > 1e-4


@pytest.mark.parametrize("kind", ["tiny_vl", "tiny_text", "tiny_llava"])
@pytest.mark.parametrize("lora", [None, LORA])
def test_read_once_or_once_for_each_completion_it_teaches_the_same(
    lora: dict | None, kind: str, toy: Path, tmp_path: Path, request: pytest.FixtureRequest
):
    distil = {"decay": 0.5, "divergence": "jensen_shannon", "grpo": 0.5}
    found = []
    for shared in (True, False):
        torch.manual_seed(0)  # adapters begin at random
        model = request.getfixturevalue(kind)
        sections = {"distil": distil, "lora": lora, "trainer": {"num_generations": 4}}
        trainer = make_trainer(toy, model, tmp_path / str(shared), shared=shared, **sections)
        move(trainer.model)
        found.append(learned(trainer, scripted(trainer)))
        assert trainer.shares is shared
    (loss, gradients), (theirs, others) = found
    assert loss == pytest.approx(theirs, rel=1e-4) and abs(loss) > 1e-3
    assert gradients.keys() == others.keys()
    largest = max(gradient.abs().max().item() for gradient in others.values())
    for name, gradient in others.items():
        scale = max(gradient.abs().max().item(), 1e-3 * largest)
        torch.testing.assert_close(gradients[name] / scale, gradient / scale, atol=1e-4, rtol=0, msg=name)


@pytest.mark.parametrize(("decay", "lora"), [(1.0, None), (0.9, None), (1.0, LORA), (0.9, LORA)])
def test_a_run_that_goes_on_ends_like_one_that_was_not_stopped(
    decay: float, lora: dict | None, toy: Path, tiny_text: Path, tmp_path: Path, toy_rubric
):
    trainer = {"max_steps": 8, "save_steps": 4, "steps_per_generation": 2, "num_iterations": 2}
    recipe = make_recipe(toy, tiny_text, tmp_path / "run", distil={"decay": decay}, lora=lora, trainer=trainer)
    weights = "model.safetensors" if lora is None else "adapter_model.safetensors"
    final = load_file(train(recipe) / weights)
    run = RunFolder(recipe.output)
    last, rollouts = run.checkpoints / "checkpoint-8", read_rollouts(recipe.output)
    teachers = {step: run.checkpoints / f"checkpoint-{step}" / WEIGHTS for step in (4, 8)}
    assert all(file.is_file() is (decay == 0.9) for file in teachers.values()), "an average alone is to be kept"
    teacher = load_file(teachers[8]) if decay == 0.9 else {}
    assert not [file for file in run.final.rglob("*") if "teacher" in str(file.relative_to(run.final))]
    assert not [name for name in final if "teacher" in name]
    for folder in (last, run.final):  # as if killed before
        shutil.rmtree(folder)
    resumed = load_file(train(recipe, resume=True) / weights)
    assert resumed.keys() == final.keys()
    assert all(torch.equal(resumed[name], weight) for name, weight in final.items())
    assert read_rollouts(recipe.output) == rollouts
    again = load_file(teachers[8]) if decay == 0.9 else {}
    assert again.keys() == teacher.keys() and all(torch.equal(again[name], teacher[name]) for name in teacher)
    if decay == 0.9:
        before = load_file(teachers[4])
        assert not any(torch.equal(before[name], weight) for name, weight in teacher.items())


def test_what_nothing_is_known_of_teaches_nothing_and_is_not_read(
    toy: Path, tiny_vl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    known = {"toy-0", "toy-3", "toy-4"}
    trainer = make_trainer(
        toy, tiny_vl, tmp_path, lambda brief, card: gold(brief, card) if brief.id in known else None
    )
    batch = scripted(trainer)
    rows = [row for row, (episode, _) in enumerate(trainer._scored) if episode.case in known]
    assert batch[LESSONS].nonzero()[:, 0].tolist() == rows and len(rows) == 3
    assert trainer._metrics["train"]["distil/told"] == [3 / 8]
    assert batch[TOKENS] == batch["completion_mask"][rows].sum()
    loss, gradients = learned(trainer, batch)
    monkeypatch.setattr(distil, "lessons", lambda inputs, by: inputs)  # all are read
    same, others = learned(trainer, batch)
    assert same == pytest.approx(loss, rel=1e-5) and loss > 1e-4
    for name, gradient in gradients.items():
        torch.testing.assert_close(others[name], gradient, atol=1e-6, rtol=1e-4)


def test_a_case_weighs_what_its_weight_is(toy: Path, tiny_text: Path, tmp_path: Path):
    trainer = make_trainer(toy, tiny_text, tmp_path)
    loss, _ = learned(trainer, scripted(trainer))
    for brief in trainer.briefs or ():
        brief.case.weight = 3.0
    heavier, _ = learned(trainer, scripted(trainer))
    assert heavier == pytest.approx(3 * loss, rel=1e-5)


def test_the_teacher_reads_the_students_prompt_and_feedback_behind_it(toy: Path, tiny_vl: Path, tmp_path: Path):
    trainer = make_trainer(toy, tiny_vl, tmp_path, trainer={"num_generations": 4})
    batch = scripted(trainer)
    assert len({id(prompt) for prompt in batch[TOLD]}) == 2, "what is told of a case is read once"
    for told, own, (episode, _) in zip(batch[TOLD], batch["prompts"], trainer._scored, strict=True):
        words, before = (trainer._tokenizer.decode(prompt.ids) for prompt in (told, own))
        assert torch.equal(told.media["pixel_values"], own.media["pixel_values"])
        verdict = trainer.briefs[episode.case].gold.verdict
        assert words.count(OPEN) == words.count(CLOSE) == 1 and OPEN not in before
        assert f'"verdict": "{verdict}"' in words.partition(OPEN)[2] and words.startswith(before[: len(before) // 2])


def test_feedback_that_leaves_no_room_is_not_told(toy: Path, tiny_text: Path, tmp_path: Path):
    trainer = make_trainer(toy, tiny_text, tmp_path, lambda brief, card: Feedback(("x y " * 400,)))
    assert not scripted(trainer)[LESSONS].any()


@pytest.mark.parametrize("grpo", [0.0, 0.5])
def test_what_a_step_logs(grpo: float, toy: Path, tiny_text: Path, tmp_path: Path):
    trainer = make_trainer(toy, tiny_text, tmp_path, distil={"grpo": grpo}, trainer={"num_generations": 2})
    trainer.train()
    logged = next(entry for entry in trainer.state.log_history if "reward" in entry)
    assert {"distil/told", "distil/divergence", "entropy"} <= logged.keys() and logged["distil/told"] == 1
    assert logged["distil/divergence"] > 0 and logged["entropy"] > 0
    assert ("frac_reward_zero_std" in logged) is ("distil/loss" in logged) is bool(grpo)
    rollouts = read_rollouts(tmp_path)
    assert {rollout.advantage for rollout in rollouts} == {1.0} if not grpo else len(rollouts) == 16


def test_what_distil_does_not_go_with_is_refused(toy: Path, tiny_text: Path, tmp_path: Path):
    stage = stage_of(make_recipe(toy, tiny_text, tmp_path, rubric="default", trainer={"num_generations": 2}))
    arguments = stage.recipe.arguments(bf16=False)
    stage.check(arguments)
    assert stage.facts(arguments)["teacher"] == "the policy as it was at the start"
    stage.recipe.distil.grpo = 0.5
    with pytest.raises(DataError, match=r"trainer\.scale_rewards.*prices"):
        stage.check(arguments)
    with pytest.raises(DataError, match=r"accelerate: each process holds a teacher whole.*multi_gpu"):
        stage.check_sharded(Sharding("zero2", 2))


def test_a_policy_that_began_as_an_adapter_has_one_for_its_teacher(
    toy: Path, tiny_text: Path, tmp_path: Path, toy_rubric
):
    first = train(make_recipe(toy, tiny_text, tmp_path / "text-first", lora=LORA))
    trainer = make_trainer(toy, first, tmp_path / "second", data=data(toy))
    move(trainer.model)
    held = {name: weight for name, weight in trainer.model.named_parameters() if ".teacher." in name}
    begun = load_model(ModelConfig(path=str(first)))
    for name, weight in begun.named_parameters():
        if ".lora_" in name:
            assert torch.equal(held[name.replace(".default.", ".teacher.")], weight)
    assert held and not any(weight.requires_grad for weight in held.values())
    _, gradients = learned(trainer, scripted(trainer))
    assert gradients and not held.keys() & gradients.keys()


def data(toy: Path) -> dict[str, Any]:
    return {"train": [str(toy / "text.jsonl")], "rulebook": str(toy / "rules.yaml"), "template": "compact"}


def test_in_half_precision_a_teacher_of_the_same_weights_takes_no_gradient_away(
    toy: Path, tiny_text: Path, tmp_path: Path
):
    found = []
    for half in (False, True):
        trainer = make_trainer(toy, tiny_text, tmp_path / str(half), half=half, distil={"decay": 0.0})
        found.append(learned(trainer, scripted(trainer))[1])
    whole, rounded = found
    assert whole.keys() == rounded.keys() and all(gradient.any() for gradient in rounded.values())
    largest = max(gradient.abs().max().item() for gradient in whole.values())
    for name, gradient in whole.items():
        torch.testing.assert_close(rounded[name] / largest, gradient / largest, atol=0.1, rtol=0, msg=name)


def test_evaluation_is_of_the_same_distance(toy: Path, tiny_text: Path, tmp_path: Path):
    trainer = make_trainer(toy, tiny_text, tmp_path)
    trainer.eval_dataset = trainer.train_dataset.select(range(8))
    figures = trainer.evaluate()
    assert figures["eval_loss"] == pytest.approx(figures["eval_distil/divergence"], rel=1e-5) and figures["eval_loss"]
