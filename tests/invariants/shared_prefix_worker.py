"""Trains on scripted rollouts that depend on the prompts alone, in as many processes as it is started in."""

import os
import random
import sys
from pathlib import Path
from typing import Any

from trl import GRPOConfig

from rl.config.model import ModelConfig
from rl.models.load import context_length, load_model, load_processor
from rl.training.rows import rows_for_rl
from rl.training.trainers.grpo import RulingGRPOTrainer
from tests.invariants.test_grpo_is_trl import HalfFlat, NeverFlat
from tests.rl.conftest import toy_briefs


class Scripted(RulingGRPOTrainer):
    def _generate_single_turn(self, prompt_ids: list, *args: Any, **kwargs: Any) -> Any:
        end, written = self.processing_class.tokenizer.eos_token_id, []  # type: ignore[attr-defined]
        for place, ids in enumerate(prompt_ids):
            draw = random.Random(f"{sum(ids)} {place % 4} {self.state.global_step}")
            written.append([draw.randrange(100, 300) for _ in range(draw.choice([0, 2, 5]))] + [end])
        return written, None


def main(toy: Path, model: Path, output: Path, batch: int, rewards: str) -> None:
    half = rewards == "half flat"
    processor, policy = load_processor(model), load_model(ModelConfig(path=str(model)))
    several = "LOCAL_RANK" in os.environ
    args = GRPOConfig(
        output_dir=str(output),
        seed=3,
        report_to="none",
        bf16=False,
        save_strategy="no",
        disable_tqdm=True,
        max_steps=3,
        num_generations=4,
        max_completion_length=8,
        per_device_train_batch_size=batch,
        learning_rate=1e-3,
        optim="adamw_torch",
        gradient_checkpointing=False,
        scale_rewards="none",
        loss_type="dapo",
        beta=0.0 if half else 0.1,
        num_iterations=1,
        ddp_backend="gloo" if several else None,
        use_cpu=os.environ.get("ACCELERATE_USE_DEEPSPEED") != "true",
        dataloader_pin_memory=False,
    )
    rows = rows_for_rl(toy_briefs(toy / "cases.jsonl", 64), processor, context_length(policy), 8, "compact")
    trainer = Scripted(
        reward=(HalfFlat if half else NeverFlat)(fails=False),
        rollouts=output / "rollouts",
        shared_prefix=True,
        model=policy,
        args=args,
        train_dataset=rows,
        processing_class=processor,
    )
    sizes: list[int] = []
    score = trainer._get_per_token_logps_and_entropies

    def counted(model: Any, ids: Any, *args: Any, **kwargs: Any) -> Any:
        sizes.append(len(ids))
        return score(model, ids, *args, **kwargs)

    trainer._get_per_token_logps_and_entropies = counted  # type: ignore[method-assign]
    trainer.train()
    assert trainer.shares
    if half and not several:  # a process whose case is flat makes the pass all the same
        assert len(sizes) == 3 and min(sizes) < batch, sizes
    trainer.save_model(str(output / "trained"))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]), int(sys.argv[4]), sys.argv[5])
