"""Twenty steps of GRPO on Billboard, by its rubric: fed with the same rollouts, the course of stock TRL's."""

import random
from pathlib import Path
from typing import Any

import pytest
import torch
from trl import GRPOConfig, GRPOTrainer

from data import Briefs, Rulebook, load_cases
from data.billboard import BillboardConfig, build
from prompts import target, write
from rewards import Rubric
from rl.config.model import ModelConfig
from rl.models.load import context_length, load_model, load_processor
from rl.models.tiny import TinySize, build_tiny
from rl.training.rows import rows_for_rl, texts_of
from rl.training.trainers.grpo import RulingGRPOTrainer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

STEPS, CASES = 20, 48
"""Two cases a step: one epoch holds them all, and from the second on the order of the data would be ours."""


class Reviewer:
    """Writes about a case what its gold says, what that of another says, or half of it: the same for both trainers."""

    briefs: Briefs
    drawn = 0

    def _generate_and_score_completions(self, inputs: list) -> Any:
        self.cases = [row["case"] for row in inputs]
        return super()._generate_and_score_completions(inputs)  # type: ignore[misc]

    def _generate_single_turn(self, prompt_ids: list, *args: Any, **kwargs: Any) -> Any:
        self.drawn += 1
        draw, tokenizer = random.Random(self.drawn), self.processing_class.tokenizer  # type: ignore[attr-defined]
        written = []
        for case in self.cases:
            brief = draw.choice([self.briefs[case]] * 2 + [draw.choice(list(self.briefs))])
            ids = tokenizer(write(target(brief.case, brief.excerpt)), add_special_tokens=False)["input_ids"]
            cut_off = draw.random() < 0.2
            written.append(ids[: len(ids) // 2] if cut_off else [*ids, tokenizer.eos_token_id])
        return written, None


class Ours(Reviewer, RulingGRPOTrainer):
    pass


class Stock(Reviewer, GRPOTrainer):
    pass


def course(kind: str, briefs: Briefs, model: Path, output: Path) -> list[dict[str, float]]:
    """The log, step by step."""
    processor, policy = load_processor(model), load_model(ModelConfig(path=str(model)))
    args = GRPOConfig(
        output_dir=str(output),
        seed=3,
        report_to="none",
        bf16=False,
        gradient_checkpointing=False,
        save_strategy="no",
        logging_steps=1,
        disable_tqdm=True,
        max_steps=STEPS,
        num_generations=4,
        per_device_train_batch_size=8,
        max_completion_length=256,
        learning_rate=1e-4,
        optim="adamw_torch",
        beta=0.05,
        scale_rewards="batch",
        temperature=0.7,
    )
    rows = rows_for_rl(briefs, processor, context_length(policy), 256, "compact")
    shared = {"model": policy, "args": args, "train_dataset": rows, "processing_class": processor}
    reward = Rubric.load("billboard").reward_func(briefs)
    torch.manual_seed(0)
    trainer: Any
    if kind == "ours":
        trainer = Ours(reward=reward, rollouts=output / "rollouts", shared_prefix=True, **shared)
    else:
        trainer = Stock(reward_funcs=reward, **shared)
    trainer.briefs = briefs
    trainer.train()
    assert kind == "stock" or trainer.shares
    return [entry for entry in trainer.state.log_history if "loss" in entry]


def test_twenty_steps_on_billboard(tmp_path: Path):
    data = build(BillboardConfig(cases=CASES, test_cases=2), tmp_path / "data")
    briefs = Briefs.bind(load_cases(data / "train.jsonl")[:CASES], Rulebook.load(data / "rulebook.yaml"))
    size = TinySize(hidden=64, intermediate=128, layers=2, vision_hidden=32, vision_depth=2)
    model = build_tiny(tmp_path / "model", texts_of(briefs, "compact"), "vl", size)
    log, expected = (course(kind, briefs, model, tmp_path / kind) for kind in ("ours", "stock"))
    assert len(log) == len(expected) == STEPS
    for step, (entry, theirs) in enumerate(zip(log, expected, strict=True)):
        for name in ("reward", "loss", "grad_norm", "kl"):
            assert entry[name] == pytest.approx(theirs[name], rel=1e-3, abs=3e-6), (step, name)
    assert len({round(entry["reward"], 3) for entry in log}) > 4 and all(entry["grad_norm"] for entry in log)
