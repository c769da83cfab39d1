"""Recipes for training take TRL's own field names, refuse what they do not know, and can be overridden key by key."""

from pathlib import Path

import pytest

from data import DataError
from prompts.excerpts import RetrievalConfig
from rl.config import GRPORecipe, SFTRecipe
from rl.config.train import TrainRecipe

MINIMAL = """\
name: mine
data: {train: cases.jsonl, rulebook: rules.yaml}
model: {path: somewhere}
"""


@pytest.fixture
def minimal(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.yaml"
    path.write_text(MINIMAL)
    return path


def test_keys_are_overridden_by_full_and_by_bare_name(minimal: Path) -> None:
    recipe = SFTRecipe.load(
        minimal,
        {"learning_rate": "1e-4", "trainer.max_steps": "7", "model.lora.r": "4", "data.train": "[a.jsonl, b.jsonl]"},
    )
    assert recipe.trainer == {"learning_rate": 1e-4, "max_steps": 7}
    assert recipe.model.lora is not None and recipe.model.lora.r == 4
    assert recipe.data.train == ["a.jsonl", "b.jsonl"]


def test_no_strategy_is_no(minimal: Path) -> None:
    for word in ("no", "'no'", "off"):  # two of which YAML reads as False
        recipe = SFTRecipe.load(minimal, {"save_strategy": word})
        assert recipe.arguments().save_strategy.value == "no"
    with pytest.raises(DataError, match=r"trainer\.save_strategy: Input should be 'no', 'steps'"):
        SFTRecipe.load(minimal, {"save_strategy": "yes"})


@pytest.mark.parametrize(
    ("said", "strategy", "every"),
    [
        ({}, "steps", 500),  # TRL saves as often
        ({"save_steps": "20"}, "steps", 20),
        ({"save_steps": "20", "eval_steps": "5"}, "steps", 5),
        ({"save_strategy": "epoch"}, "epoch", None),
        ({"save_strategy": "no"}, "epoch", None),
        ({"save_strategy": "no", "eval_steps": "5"}, "steps", 5),
        ({"eval_strategy": "epoch", "save_steps": "20"}, "epoch", None),
        ({"eval_strategy": "no"}, "no", None),
    ],
)
@pytest.mark.parametrize("kind", [SFTRecipe, GRPORecipe])
def test_cases_to_watch_are_watched_whenever_the_run_is_saved(
    minimal: Path, kind: type[TrainRecipe], said: dict[str, str], strategy: str, every: int | None
) -> None:
    rubric = {"rubric": "billboard", "num_generations": "6", "per_device_train_batch_size": "6"}
    settings = said | {"data.valid": "valid.jsonl"} | (rubric if kind is GRPORecipe else {})
    if "eval_strategy" in said:
        settings["per_device_eval_batch_size"] = "6"
    recipe = kind.load(minimal, settings)
    arguments = recipe.arguments(bf16=False)
    assert (arguments.eval_strategy, arguments.eval_steps) == (strategy, every)
    assert recipe.watches == (strategy != "no")
    assert kind is SFTRecipe or arguments.per_device_eval_batch_size == 6


def test_without_cases_to_watch_there_is_no_time_to_do_so(minimal: Path) -> None:
    assert SFTRecipe.load(minimal).arguments(bf16=False).eval_strategy == "no"
    with pytest.raises(DataError, match=r"trainer\.eval_strategy: there is nothing to watch: name files in 'data.va"):
        SFTRecipe.load(minimal, {"eval_strategy": "steps"}).arguments(bf16=False)


def test_the_order_of_a_policys_cases_is_not_by_length(minimal: Path) -> None:
    with pytest.raises(DataError, match="train_sampling_strategy: want one of random, not 'group_by_length'"):
        GRPORecipe.load(minimal, {"rubric": "billboard", "train_sampling_strategy": "group_by_length"})


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"learning_rat": "1"}, "did you mean 'learning_rate'"),
        ({"trainer.learning_rat": "1"}, "not a field of SFTConfig .*did you mean 'learning_rate'"),
        ({"model.attn_implementatio": "eager"}, "did you mean 'attn_implementation'"),
        ({"modl.path": "x"}, "did you mean 'model'"),
        ({"rubric": "billboard"}, "unknown key"),
        ({"learning_rate": "fast"}, "trainer.learning_rate: .*'fast'"),
        ({"max_steps": "yes"}, "trainer.max_steps: want a number, not true"),
        ({"learning_rate": "off"}, "trainer.learning_rate: want a number, not false"),
        ({"save_total_limit": "true"}, "trainer.save_total_limit: want a number"),
        ({"max_length": "100"}, "max_length cannot be set: .*never cut"),
        ({"trainer.output_dir": "x"}, "use the recipe's 'output'"),
        ({"model.tiny.kind": "vl"}, "either 'path' or 'tiny'"),
        ({"model.load_in_4bit": "true"}, "nothing to train"),
        ({"name": "a/b"}, "name"),
    ],
)
def test_what_is_wrong_is_named(minimal: Path, overrides: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        SFTRecipe.load(minimal, overrides)


def test_a_switch_is_still_a_boolean(minimal: Path) -> None:
    assert SFTRecipe.load(minimal, {"gradient_checkpointing": "yes"}).trainer == {"gradient_checkpointing": True}


def test_settings_that_do_not_go_together_are_refused(minimal: Path) -> None:
    recipe = GRPORecipe.load(minimal, {"rubric": "billboard", "num_generations": "3"})
    with pytest.raises(DataError, match="trainer"):
        recipe.arguments(per_device_train_batch_size=4)
    with pytest.raises(DataError, match="trainer"):
        SFTRecipe.load(minimal, {"deepspeed": "1.5"}).arguments()


def test_the_trainer_gets_what_the_recipe_says(minimal: Path) -> None:
    recipe = SFTRecipe.load(minimal, {"seed": "5", "save_strategy": "epoch"})
    arguments = recipe.arguments(bf16=False)
    assert (arguments.seed, arguments.max_length) == (5, None)
    assert arguments.output_dir == "runs/mine/checkpoints"
    assert arguments.save_strategy.value == "epoch"
    assert arguments.report_to == ["tensorboard"]


def test_the_schema_lists_every_field_of_the_trainer() -> None:
    schema = GRPORecipe.model_json_schema()
    trainer = schema["properties"]["trainer"]
    assert trainer["additionalProperties"] is False
    assert trainer["properties"]["learning_rate"]["type"] == "number"
    assert "num_generations" in trainer["properties"] and "output_dir" not in trainer["properties"]


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("{retrieve: bm25, kk: 6}", r"data\.excerpt\.kk: unknown key \(did you mean 'k'\?\)"),
        ("{retrieve: dens}", r"data\.excerpt\.retrieve: Input should be 'bm25', 'dense' or 'hybrid' \(got 'dens'\)"),
        ("{k: 6}", r"data\.excerpt\.retrieve: Field required"),
        ("bm25", r"data\.excerpt: Input should be 'named' or 'none' \(got 'bm25'\)"),
        ("{retrieve: dense}", r"data\.excerpt: 'dense' needs an 'encoder'"),
        ("{retrieve: bm25, k: yes}", r"data\.excerpt\.k: want a number"),
    ],
)
def test_which_rules_are_shown_is_said_or_refused(given: str, fault: str) -> None:
    with pytest.raises(DataError, match=fault):
        SFTRecipe.load("billboard/sft", {"data.excerpt": given})
    recipe = SFTRecipe.load("billboard/sft", {"data.excerpt": "{retrieve: bm25, tokens: 900}"})
    assert recipe.data.excerpt == RetrievalConfig(retrieve="bm25", tokens=900)
    assert SFTRecipe.model_validate_json(recipe.model_dump_json(exclude_defaults=True)) == recipe
    assert "excerpt" in str(SFTRecipe.model_json_schema())
