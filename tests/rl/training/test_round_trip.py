"""A model whose chat template or tokenizer takes a ruling apart is refused before it is trained."""

import json
from pathlib import Path
from typing import Any

import pytest

from data import Brief, Briefs, Case, DataError, Rulebook
from prompts import opening_of
from rl.config.policy import GRPORecipe
from rl.config.train import SFTRecipe
from rl.models.load import load_processor, tokenizer_of
from rl.training import train
from rl.training.preflight import preflight
from rl.training.round_trip import check_round_trip
from rl.training.stage import Stage
from tests.chat_templates import CLOSES, DROPS, OPENS, SPLITS, shipped, with_template
from tests.rl.conftest import toy_briefs
from tests.rl.training.test_preflight import said

GOES_WRONG = {
    "drops": (DROPS, "the reasoning is dropped"),
    "splits": (SPLITS, "channel.*text_before_think"),
    "closes": (CLOSES, "'enable_thinking' to true"),
}


@pytest.fixture
def briefs(toy: Path) -> Briefs:
    return toy_briefs(toy / "text.jsonl", 4)


def processor_of(model: Path, template: str) -> Any:
    """The tiny model's, with the tokens that real templates end a turn with."""
    processor = load_processor(model)
    ends = [
        "<|end▁of▁sentence|>",
        "<｜end▁of▁sentence｜>",
        "<|return|>",
        "<|eot_id|>",
        "<end_of_turn>",
        "<turn|>",
        "<|user|>",
    ]
    tokenizer_of(processor).add_special_tokens({"additional_special_tokens": ends})
    processor.chat_template = template
    return processor


@pytest.mark.parametrize("imitates", [True, False])
@pytest.mark.parametrize(
    "name",
    ["qwen2_5", "qwen3", "qwen3_5_think", "qwen3_6", "qwen3_8", "nemotron_3_nano", "llama3", "gemma3", "glm4moe"],
)
def test_real_models_that_keep_a_ruling(name: str, imitates: bool, tiny_text: Path, briefs: Briefs) -> None:
    processor = processor_of(tiny_text, shipped(name))
    tokenizer_of(processor).bos_token = "<|endoftext|>"
    check_round_trip(briefs, processor, "compact", imitates)


def test_a_real_model_whose_turns_stand_in_channels(tiny_text: Path, briefs: Briefs) -> None:
    processor = processor_of(tiny_text, shipped("gptoss"))
    for imitates in (True, False):
        with pytest.raises(DataError, match=r"gold of case 'toy-0' does not survive .*text_before_think"):
            check_round_trip(briefs, processor, "compact", imitates)


def test_reasoning_dropped_from_past_turns_is_lost_to_sft_alone(tiny_text: Path, briefs: Briefs) -> None:
    processor = processor_of(tiny_text, shipped("deepseek_r1_distill"))
    with pytest.raises(DataError, match=r"the reasoning is dropped .*chat_template\.jinja"):
        check_round_trip(briefs, processor, "compact", imitates=True)
    check_round_trip(briefs, processor, "compact", imitates=False)
    check_round_trip(
        briefs, processor_of(tiny_text, shipped("deepseek_r1_distill_training")), "compact", imitates=True
    )


def test_a_tokenizer_that_changes_letters(tiny_text: Path, tmp_path: Path, briefs: Briefs) -> None:
    path = with_template(tiny_text, tmp_path / "lower", OPENS)
    settings = json.loads((path / "tokenizer.json").read_text())
    settings["normalizer"] = {"type": "Lowercase"}
    (path / "tokenizer.json").write_text(json.dumps(settings))
    for imitates in (True, False):
        with pytest.raises(DataError, match="it comes back changed"):
            check_round_trip(briefs, load_processor(path), "compact", imitates)


@pytest.mark.parametrize("imitates", [True, False])
def test_tags_that_are_special_tokens_come_back(imitates: bool, tiny_text: Path, briefs: Briefs) -> None:
    for template in (OPENS, load_processor(tiny_text).chat_template):
        processor = processor_of(tiny_text, template)
        tokenizer_of(processor).add_special_tokens({"additional_special_tokens": ["<think>", "</think>", "<answer>"]})
        check_round_trip(briefs, processor, "compact", imitates)


def test_without_gold_an_approval_is_tried(tiny_text: Path, book: Rulebook) -> None:
    bare = [Brief(Case(id="bare", text={"body": "Tea."}), book)]
    check_round_trip(bare, processor_of(tiny_text, OPENS), "compact", imitates=False)
    with pytest.raises(DataError, match="gold of case 'bare' does not survive"):
        check_round_trip(bare, processor_of(tiny_text, SPLITS), "compact", imitates=False)


def recipe(kind: str, toy: Path, model: Path, output: Path) -> Any:
    content: dict[str, Any] = {
        "name": "toy",
        "output": str(output),
        "model": {"path": str(model)},
        "data": {"train": [str(toy / "text.jsonl")], "rulebook": str(toy / "rules.yaml"), "template": "compact"},
        "trainer": {"max_steps": 1, "bf16": False, "report_to": "none", "gradient_checkpointing": False},
    }
    if kind == "sft":
        return SFTRecipe(**content)
    content["trainer"] |= {"scale_rewards": "batch", "max_completion_length": 16}
    return GRPORecipe(**content, rubric="default")


def saved(made: Any, path: Path) -> str:
    path.write_text(json.dumps(made.model_dump(mode="json", exclude_defaults=True)))
    return str(path)


@pytest.mark.parametrize(
    ("fault", "kind"), [("drops", "sft"), ("splits", "sft"), ("splits", "grpo"), ("closes", "sft"), ("closes", "grpo")]
)
def test_a_run_is_refused_before_it_begins_and_so_is_its_dry_run(
    fault: str, kind: str, toy: Path, tiny_text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template, reason = GOES_WRONG[fault]
    made = recipe(kind, toy, with_template(tiny_text, tmp_path / "model", template), tmp_path / "run")
    monkeypatch.setattr("rl.training.stage.load_model", lambda *args: pytest.fail("weights are loaded"))
    with pytest.raises(DataError, match=reason):
        train(made)
    with pytest.raises(DataError, match=reason):
        preflight(kind, saved(made, tmp_path / "recipe.yaml"))


def test_a_dry_run_says_what_the_template_writes(toy: Path, tiny_text: Path, tmp_path: Path) -> None:
    made = recipe("grpo", toy, with_template(tiny_text, tmp_path / "model", OPENS), tmp_path / "run")
    assert r"the chat template writes '<think>\n', and the model goes on" in said(
        preflight("grpo", saved(made, tmp_path / "recipe.yaml"))
    )


@pytest.mark.parametrize("kind", ["tiny_text", "tiny_vl"])
def test_a_variable_that_is_set_is_kept_with_the_trained_model(
    kind: str, toy: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    model = with_template(request.getfixturevalue(kind), tmp_path / "model", CLOSES)
    made = recipe("sft", toy, model, tmp_path / "run")
    made.model.chat_template_kwargs = {"enable_thinking": True}
    assert preflight("sft", saved(made, tmp_path / "recipe.yaml")).missing == []
    assert opening_of(load_processor(train(made))) == ""


def test_every_kind_of_training_says_whether_it_imitates() -> None:
    from rl.training.grpo import GRPOStage
    from rl.training.sft import SFTStage

    assert not Stage.imitates and not GRPOStage.imitates
    # Of an episode's turns the policy has to be able to write each; gold's rulings are read as the template has them.
    gold, episodes = (SFTStage(SFTRecipe.load(name)) for name in ("billboard/sft", "billboard_desk/sft"))
    assert gold.imitates and not episodes.imitates
