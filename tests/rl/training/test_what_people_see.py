"""What people see of real runs: a line for the first and the last step, and nothing of what libraries say."""

import re
from pathlib import Path
from typing import Any

import pytest

from rl.config.policy import GRPORecipe
from rl.config.train import SFTRecipe
from rl.training import train

NOISE = ("Loading weights", "{'loss'", "Writing model shards", "it/s]", "\x1b", "\r")


def given(toy: Path, cases: str, model: Path, output: Path) -> dict[str, Any]:
    data = {"train": [str(toy / cases)], "rulebook": str(toy / "rules.yaml"), "template": "compact"}
    return {"name": "seen", "output": output, "model": {"path": str(model)}, "data": data}


def trainer(**settings: Any) -> dict[str, Any]:
    return {"report_to": "none", "bf16": False, "gradient_checkpointing": False, "logging_steps": 1} | settings


def test_sft_shows_its_first_and_its_last_step(
    toy: Path, tiny_text: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = trainer(max_steps=2, per_device_train_batch_size=4)
    train(SFTRecipe(**given(toy, "text.jsonl", tiny_text, tmp_path / "run"), trainer=settings))
    out, err = capfd.readouterr()
    assert not [noise for noise in NOISE if noise in out + err]
    lines = err.splitlines()
    assert lines[0].startswith("seen: preparing")
    assert re.match(
        r"seen: in memory: weights .* [kM]B, optimiser .* [kM]B, .*, its longest batch .* [kM]B$", lines[1]
    )
    assert [line.partition(",")[0] for line in lines[2:4]] == ["seen: step 1 of 2", "seen: step 2 of 2"]
    assert "loss " in lines[3] and "tokens/s" in lines[3] and "seen: 2 steps in" in out


def test_grpo_shows_its_only_step(toy: Path, tiny_vl: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    settings = trainer(
        max_steps=1,
        per_device_train_batch_size=4,
        num_generations=2,
        max_completion_length=6,
        scale_rewards="none",
    )
    train(GRPORecipe(**given(toy, "cases.jsonl", tiny_vl, tmp_path / "run"), rubric="default", trainer=settings))
    out, err = capfd.readouterr()
    assert not [noise for noise in NOISE if noise in out + err]
    steps = [line for line in err.splitlines() if line.startswith("seen: step")]
    assert len(steps) == 1 and steps[0].startswith("seen: step 1 of 1, reward ") and "reward" in out
