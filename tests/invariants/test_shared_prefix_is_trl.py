"""Fed with the same rollouts, a run that shares prompts has stock TRL's losses, gradient norms and weights."""

import random
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig
from trl import GRPOConfig, GRPOTrainer

from rl.config.model import ModelConfig
from rl.models.load import context_length, load_model, load_processor
from rl.training.rows import rows_for_rl
from rl.training.trainers.grpo import RulingGRPOTrainer
from tests.invariants.test_grpo_is_trl import NeverFlat
from tests.rl.conftest import toy_briefs

LOSSES = ("grpo", "bnpo", "dr_grpo", "dapo", "luspo", "cispo", "sapo", "vespo")
SETTINGS: dict[str, dict[str, Any]] = {
    **{loss: {"loss_type": loss} for loss in LOSSES},
    "sequence level": {"importance_sampling_level": "sequence", "num_iterations": 2},
    "two iterations": {"num_iterations": 2},
    "a reference": {"beta": 0.1, "num_iterations": 2},
    "entropy": {"top_entropy_quantile": 0.5},
    "accumulated": {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 2, "num_iterations": 2},
    "half a group at once": {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 4, "beta": 0.1},
    "checkpointing": {"gradient_checkpointing": True},
    "truncated": {"mask_truncated_completions": True},
}


FIGURES = ("loss", "grad_norm", "entropy", "kl", "clip_ratio/region_mean")


class Scripted:
    """Writes the same for both: ragged, some of it the end of the turn and nothing else, some of it cut off."""

    turns = 0

    def _generate_single_turn(self, prompt_ids: list, *args: Any, **kwargs: Any) -> Any:
        self.turns += 1
        draw, end = random.Random(self.turns), self.processing_class.tokenizer.eos_token_id  # type: ignore[attr-defined]
        sizes = [draw.choice([0, 2, 5, 8]) for _ in prompt_ids]
        return [[draw.randrange(100, 300) for _ in range(size)] + [end] * (size < 8) for size in sizes], None


class Ours(Scripted, RulingGRPOTrainer):
    pass


class Stock(Scripted, GRPOTrainer):
    pass


def trained(
    kind: str, settings: dict, toy: Path, model: Path, output: Path, steps: int = 2, lora: bool = False
) -> Any:
    processor, policy = load_processor(model), load_model(ModelConfig(path=str(model)))
    args = GRPOConfig(
        output_dir=str(output),
        seed=3,
        report_to="none",
        bf16=False,
        save_strategy="no",
        logging_steps=1,
        disable_tqdm=True,
        max_steps=steps,
        num_generations=4,
        max_completion_length=8,
        temperature=0.9,
        **{
            "per_device_train_batch_size": 8,
            "learning_rate": 0.1,
            "optim": "sgd",
            "lr_scheduler_type": "constant",
            "gradient_checkpointing": False,
        }
        | settings,
    )
    rows = rows_for_rl(toy_briefs(toy / "cases.jsonl", 64), processor, context_length(policy), 8, "compact")
    shared = {"model": policy, "args": args, "train_dataset": rows, "processing_class": processor}
    if lora:
        shared["peft_config"] = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    torch.manual_seed(0)
    if kind == "ours":
        trainer = Ours(reward=NeverFlat(fails=False), rollouts=output / "rollouts", shared_prefix=True, **shared)
    else:
        trainer = Stock(reward_funcs=NeverFlat(fails=False), **shared)
    trainer.train()
    assert kind == "stock" or trainer.shares
    log = [entry for entry in trainer.state.log_history if "loss" in entry]
    return log, {name: weight.detach() for name, weight in trainer.model.named_parameters()}


def check(settings: dict, toy: Path, model: Path, tmp_path: Path, **options: Any) -> None:
    log, weights = trained("ours", settings, toy, model, tmp_path / "ours", **options)
    expected_log, expected = trained("stock", settings, toy, model, tmp_path / "stock", **options)
    assert any(entry["loss"] for entry in log) and all(entry["grad_norm"] for entry in log)
    # Most figures are means of those of the batches that a step adds up: TRL shuffles by row, ours by group.
    figures = FIGURES[:2] if settings.get("gradient_accumulation_steps") else FIGURES
    for entry, theirs in zip(log, expected_log, strict=True):
        for name in figures:
            if name in theirs:
                assert entry[name] == pytest.approx(theirs[name], rel=1e-4, abs=3e-6), name
    for name, weight in expected.items():
        torch.testing.assert_close(weights[name], weight, atol=2e-6, rtol=1e-4, msg=name)


@pytest.mark.parametrize("name", SETTINGS)
def test_losses_gradient_norms_and_weights(name: str, toy: Path, tiny_vl: Path, tmp_path: Path):
    check(SETTINGS[name], toy, tiny_vl, tmp_path)


def test_an_adapter_against_the_model_below_it(toy: Path, tiny_vl: Path, tmp_path: Path):
    check({"beta": 0.1, "num_iterations": 2}, toy, tiny_vl, tmp_path, lora=True)


@pytest.mark.slow
def test_twenty_steps(toy: Path, tiny_vl: Path, tmp_path: Path):
    check({"learning_rate": 1e-4, "optim": "adamw_torch", "beta": 0.05}, toy, tiny_vl, tmp_path, steps=20)
