"""SFT learns the completion and nothing but the completion, on one process or several alike."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from data import Brief, Briefs, DataError, Rulebook, Ruling, load_cases
from data.media.images import open_image
from prompts import opening_of, parse, render
from prompts.chat import encode
from prompts.processor import special_tokens
from rl.config.model import ModelConfig
from rl.config.train import SFTRecipe
from rl.generation.decode import turn_of
from rl.models.load import context_length, load_model, load_processor, tokenizer_of
from rl.runs.checkpoints import newest_checkpoint
from rl.runs.folder import RunFolder
from rl.training import train
from rl.training.launch.launch import launch
from rl.training.launch.machines import Machines
from rl.training.rows import rows_for_sft
from rl.training.trainers.resumable import EpochSampler
from rl.training.trainers.sft import LongestFirst, RulingSFTTrainer
from tests.chat_templates import OPENS, with_template
from tests.rl.conftest import toy_briefs

QUICK = {"gradient_checkpointing": False, "report_to": "none", "disable_tqdm": True, "bf16": False}


def recipe_for(toy: Path, model: Path, output: Path, cases: str = "cases.jsonl", **trainer: Any) -> SFTRecipe:
    return SFTRecipe(
        name="toy",
        output=output,
        model={"path": str(model)},
        data={"train": [str(toy / cases)], "rulebook": str(toy / "rules.yaml"), "template": "compact"},
        trainer={"max_steps": 2, "per_device_train_batch_size": 8, "learning_rate": 1e-3} | QUICK | trainer,
    )


def trainer_for(recipe: SFTRecipe) -> RulingSFTTrainer:
    model, processor = load_model(recipe.model), load_processor(str(recipe.model.path))
    briefs = Briefs.bind(load_cases(*recipe.data.train), Rulebook.load(recipe.data.rulebook))
    rows = rows_for_sft(briefs, processor, context_length(model), "compact")
    return RulingSFTTrainer(model=model, args=recipe.arguments(), train_dataset=rows, processing_class=processor)


@pytest.mark.parametrize(("kind", "cases"), [("tiny_vl", "cases.jsonl"), ("tiny_text", "text.jsonl")])
def test_only_the_completion_carries_loss(
    kind: str, cases: str, toy: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    trainer = trainer_for(recipe_for(toy, request.getfixturevalue(kind), tmp_path, cases))
    tokenizer = tokenizer_of(trainer.processing_class)
    batch = next(iter(trainer.get_train_dataloader()))
    for ids, labels, attended in zip(batch["input_ids"], batch["labels"], batch["attention_mask"], strict=True):
        text, learnt = tokenizer.decode(ids[attended.bool()]), tokenizer.decode(labels[labels != -100])
        assert learnt.startswith("<think>") and learnt.endswith("</answer><|im_end|>")
        assert text.endswith(f"assistant\n{learnt}")
    if kind == "tiny_vl":
        pictures = batch["input_ids"] == trainer.model.config.image_token_id
        assert pictures.sum() == 8 * 16 and (batch["labels"][pictures] == -100).all()


@pytest.mark.parametrize("opening", ["<think>", "<think>\n"])
@pytest.mark.parametrize(("kind", "cases"), [("tiny_vl", "cases.jsonl"), ("tiny_text", "text.jsonl")])
def test_what_is_learnt_is_what_the_template_leaves_to_write(
    kind: str, cases: str, opening: str, toy: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Where the template opens the tag, the model sees the same prompt in training as when it generates, to the last
    token, and learns the rest of the same ruling."""
    plain = request.getfixturevalue(kind)
    opens = with_template(plain, tmp_path / "opens", OPENS.replace("<think>\n", opening))
    learnt = {}
    for model in (plain, opens):
        trainer = trainer_for(recipe_for(toy, model, tmp_path / "run", cases))
        tokenizer, processor = tokenizer_of(trainer.processing_class), load_processor(model)
        batch = next(iter(trainer.get_train_dataloader()))
        briefs = {brief.id: brief for brief in toy_briefs(toy / cases)}
        prompts = {encoded(processor, brief) for brief in briefs.values()}
        for ids, labels, attended in zip(batch["input_ids"], batch["labels"], batch["attention_mask"], strict=True):
            text = [int(i) for i in ids[attended.bool()]]
            completion = [int(label) for label in labels if label != -100]
            assert tuple(text[: -len(completion)]) in prompts and text[-len(completion) :] == completion
            turn = turn_of(tokenizer, completion, [tokenizer.eos_token_id], opening=opening_of(processor))
            ruling = parse(turn.text)
            assert isinstance(ruling, Ruling), ruling
            ruling.reasoning = ruling.reasoning.strip()
            learnt.setdefault(model, []).append(ruling)
    assert learnt[plain] == learnt[opens]


def encoded(processor: Any, brief: Brief) -> tuple[int, ...]:
    """The tokens of a prompt as a model gets them that is to write."""
    messages = render(brief.case, brief.excerpt, "compact", special_tokens(processor))
    return tuple(encode(processor, [messages])["input_ids"][0].tolist())


def test_pictures_and_rows_without_any_train_together(toy: Path, tiny_vl: Path, tmp_path: Path) -> None:
    recipe = recipe_for(toy, tiny_vl, tmp_path)
    recipe.data.train.append(str(tmp_path / "more.jsonl"))
    lines = (toy / "text.jsonl").read_text().replace('"toy-', '"bare-')
    (tmp_path / "more.jsonl").write_text(lines)
    train(recipe)


def test_cases_to_watch_are_watched_at_every_save(toy: Path, tiny_text: Path, tmp_path: Path) -> None:
    recipe = recipe_for(toy, tiny_text, tmp_path / "run", "text.jsonl", max_steps=5, save_steps=2)
    (tmp_path / "valid.jsonl").write_text((toy / "text.jsonl").read_text().replace('"toy-', '"other-'))
    recipe.data.valid = [str(tmp_path / "valid.jsonl")]
    train(recipe)
    checkpoint = newest_checkpoint(RunFolder(recipe.output))
    assert checkpoint is not None
    log = json.loads((checkpoint / "trainer_state.json").read_text())["log_history"]
    assert [entry["step"] for entry in log if entry.get("eval_loss", 0) > 0] == [2, 4, 5]  # and at the end


@pytest.mark.parametrize("strategy", ["group_by_length", "batch_rebalance", "sequential", "random"])
def test_no_picture_is_opened_to_order_the_rows(
    strategy: str, toy: Path, tiny_vl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = trainer_for(
        recipe_for(toy, tiny_vl, tmp_path, train_sampling_strategy=strategy, per_device_train_batch_size=2)
    )
    trainer.eval_dataset = trainer.train_dataset
    opened: list[str] = []

    def spied(path: str, case: str | None = None) -> Any:
        opened.append(path)
        return open_image(path, case)

    monkeypatch.setattr("prompts.parts.picture.open_image", spied)
    train_batches, watched = trainer.get_train_dataloader().batch_sampler, trainer.get_eval_dataloader().batch_sampler
    batches = list(train_batches)
    assert sorted(row for batch in batches for row in batch) == list(range(64))
    assert sorted(row for batch in watched for row in batch) == list(range(64))
    assert not opened
    next(iter(trainer.get_eval_dataloader()))
    assert opened  # and those of a batch are, when it is read

    if strategy == "group_by_length":
        lengths = trainer.train_dataset.with_format(None)["length"]
        grouped, apart = (
            sum(max(lengths[row] for row in batch) - min(lengths[row] for row in batch) for batch in order)
            for order in (batches, [range(start, start + 2) for start in range(0, 64, 2)])
        )
        assert grouped < apart / 2


def test_the_longest_rows_come_first_in_the_first_epoch_only(toy: Path, tiny_vl: Path, tmp_path: Path) -> None:
    trainer = trainer_for(recipe_for(toy, tiny_vl, tmp_path))
    lengths = trainer.train_dataset.with_format(None)["length"]
    sampler = trainer._get_train_sampler()
    first = list(sampler)
    assert sorted(lengths[row] for row in first[:8]) == sorted(lengths)[-8:]
    assert sorted(first) == list(range(64))
    plain = EpochSampler(torch.utils.data.RandomSampler(range(64)), seed=0)
    plain.epoch = sampler.sampler.epoch = 1
    assert list(LongestFirst(plain, lengths, 8)) == list(plain) == list(sampler)


def test_a_run_leaves_a_model_and_says_where_it_comes_from(toy: Path, tiny_text: Path, tmp_path: Path) -> None:
    recipe = recipe_for(toy, tiny_text, tmp_path / "run", "text.jsonl", report_to="tensorboard", logging_steps=1)
    final = train(recipe)
    assert final == tmp_path / "run" / "checkpoints" / "final"
    before, after = load_model(ModelConfig(path=str(tiny_text))), load_model(ModelConfig(path=str(tmp_path / "run")))
    changed = [not torch.equal(a, b) for a, b in zip(before.parameters(), after.parameters(), strict=True)]
    assert all(changed)
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert facts["recipe"]["name"] == "toy" and facts["steps"] == 2
    assert facts["checkpoint"]["hash"] and facts["rulebook"]["name"] == "toy"
    assert list((tmp_path / "run").rglob("events.out.tfevents*"))
    with pytest.raises(DataError, match="there is a run already"):
        train(recipe)


def test_a_tiny_model_is_built_and_learns(toy: Path, tmp_path: Path) -> None:
    steps = {"max_steps": 12, "logging_steps": 6, "save_steps": 12, "learning_rate": 3e-3}
    recipe = recipe_for(toy, tmp_path, tmp_path / "run", "text.jsonl", **steps)
    tiny = {"kind": "text", "hidden": 64, "layers": 2, "vocab": 512}
    train(recipe.model_copy(update={"model": ModelConfig(tiny=tiny)}))
    checkpoint = newest_checkpoint(RunFolder(tmp_path / "run"))
    log = json.loads((checkpoint / "trainer_state.json").read_text())["log_history"]
    assert log[1]["loss"] < 0.9 * log[0]["loss"]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("config", "wrapper"), [("cpu", "DistributedDataParallel"), ("zero2", "DeepSpeedEngine")])
def test_two_processes_train_as_one_does(
    config: str, wrapper: str, toy: Path, tiny_vl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accelerate can switch sharding off without a word, so the wrapper is looked at."""
    if config == "zero2":
        pytest.importorskip("deepspeed")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.chdir(_somewhere_with_its_own_packages(tmp_path))
    one = recipe_for(toy, tiny_vl, tmp_path / "one", max_steps=3, logging_steps=1, save_steps=3)
    two = one.model_copy(deep=True, update={"output": tmp_path / "two"})
    two.trainer["per_device_train_batch_size"] = 4
    train(one)
    file = tmp_path / "two.yaml"
    file.write_text(two.model_dump_json(exclude={"model": {"tiny"}}))
    assert launch("sft", str(file), {}, config, Machines(2)) == 0
    facts = json.loads((tmp_path / "two" / "run.json").read_text())
    assert (facts["wrapper"], facts["processes"]) == (wrapper, 2)
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=1e-4)


@pytest.mark.slow
def test_a_mistake_in_a_launched_run_is_exit_code_2(
    toy: Path, tiny_vl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    recipe = recipe_for(toy, tiny_vl, tmp_path / "run")
    (tmp_path / "run" / "checkpoints" / "final").mkdir(parents=True)
    (tmp_path / "recipe.yaml").write_text(recipe.model_dump_json(exclude={"model": {"tiny"}}))
    assert launch("sft", str(tmp_path / "recipe.yaml"), {}, "single_gpu") == 2
    assert "error: " in (said := capfd.readouterr().err) and "there is a run already" in said


def losses(run: Path) -> list[float]:
    checkpoint = newest_checkpoint(RunFolder(run))
    assert checkpoint is not None
    log = json.loads((checkpoint / "trainer_state.json").read_text())["log_history"]
    return [entry["loss"] for entry in log if "loss" in entry]


def _somewhere_with_its_own_packages(folder: Path) -> Path:
    for name in ("data", "prompts", "rewards", "rl"):
        (folder / "cwd" / name).mkdir(parents=True)
        (folder / "cwd" / name / "__init__.py").write_text("raise ImportError('the wrong package')\n")
    return folder / "cwd"
