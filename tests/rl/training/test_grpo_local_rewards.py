"""Rewards with a model of their own in the loop: two steps of GRPO with each, pictures and all."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModel

from data import DataError, Ruling
from prompts import parse, write
from rewards import Rubric
from rewards.models.checkpoint import load_processor, load_weights
from rewards.models.scalar_head import ScalarHead
from rl.runs.rollouts import read_rollouts
from tests.rewards.model_based.local import answering, tiny
from tests.rl.conftest import toy_briefs
from tests.rl.training.test_grpo import make_trainer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def own_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A checkpoint for each of the rewards, all of them seeing."""
    base, judge, scalar = (tmp_path_factory.mktemp(name) for name in ("base", "judge", "scalar"))
    tiny(base, "vl")
    answering(base, judge)
    weight = torch.randn(1, 32, generator=torch.Generator().manual_seed(0))
    ScalarHead(AutoModel.from_pretrained(base), weight).save_pretrained(scalar)
    load_processor(base).save_pretrained(scalar)
    return {"self_consistency": str(base), "local_judge": str(judge), "reward_model": str(scalar)}


def fluent(tokenizer: Any, ids: list[int], ends: Any) -> str:
    """Well-formed rulings, as different as the tokens that the untrained policy drew."""
    reject = sum(ids) % 2
    reasoning = f"PRIZE-1: {sum(ids) % 7}."
    violations = [{"rule": "PRIZE-1", "evidence": []}] if reject else []
    verdict = "reject" if reject else "approve"
    return write(Ruling(reasoning=reasoning, verdict=verdict, confidence=0.5, violations=violations))


def rubric(name: str, model: str, **settings: Any) -> Rubric:
    return Rubric(name="own", craft={name: {"weight": 0.5, "model": model, **settings}})


@pytest.mark.parametrize("name", ["local_judge", "reward_model", "self_consistency"])
def test_two_steps(name: str, own_models, toy: Path, tiny_vl: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("rl.generation.decode.completion_text", fluent)
    monkeypatch.chdir(tmp_path)  # pictures are found wherever the trainer runs
    settings = {} if name == "local_judge" else {"template": "compact"}
    briefs = toy_briefs(toy / "cases.jsonl", 16)
    reward = rubric(name, own_models[name], **settings).reward_func(briefs)
    trainer = make_trainer(briefs, tiny_vl, tmp_path / "run", reward)
    if name == "self_consistency":
        reward.batch_rewards[0].follow = lambda policy: None  # of another size
        reward.batch_rewards[0].after_step = lambda progress: None
    trainer.train()
    rollouts = read_rollouts(tmp_path / "run")
    values = [rollout.rewards[name] for rollout in rollouts]
    verdicts = [parse(rollout.episode.completion).verdict for rollout in rollouts]
    right = [briefs[r.episode.case].gold.accepts(verdict) for r, verdict in zip(rollouts, verdicts, strict=True)]
    assert len(values) == 32 and len(set(values)) > 4
    assert [value is not None for value in values] == right  # about the others it is not asked
    assert all(0 <= value <= 1 for value in values if value is not None)
    assert all(entry[f"ruling/{name}"] > 0 for entry in trainer.state.log_history if "reward" in entry)


def test_the_reference_follows_and_is_resumed(own_models, toy: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("rl.generation.decode.completion_text", fluent)
    policy = own_models["self_consistency"]
    briefs = toy_briefs(toy / "cases.jsonl", 16)
    settings = {"save_strategy": "steps", "save_steps": 1, "learning_rate": 1e-2, "max_steps": 2}

    def run(output: Path, model: str, checkpoint: Path | None = None) -> dict[str, torch.Tensor]:
        reward = rubric("self_consistency", policy, template="compact", decay=0.5).reward_func(briefs)
        output_dir = str(output / "checkpoints")
        trainer = make_trainer(
            briefs, Path(model), output, reward, checkpoint=checkpoint, **settings | {"output_dir": output_dir}
        )
        trainer.run(checkpoint)
        return dict(reward.batch_rewards[0]._local.model.named_parameters())

    whole = run(tmp_path / "run", policy)
    before, first, second = (
        dict(load_weights(str(path)).named_parameters())
        for path in (policy, *(tmp_path / "run" / "checkpoints" / f"checkpoint-{n}" for n in (1, 2)))
    )
    assert any(not torch.equal(before[name], weight) for name, weight in first.items())
    for name, weight in whole.items():
        expected = 0.25 * before[name] + 0.25 * first[name] + 0.5 * second[name]
        torch.testing.assert_close(weight, expected)
    checkpoint = tmp_path / "run" / "checkpoints" / "checkpoint-1"
    resumed = run(tmp_path / "run", str(checkpoint), checkpoint)
    assert all(torch.equal(resumed[name], weight) for name, weight in whole.items())


def test_a_policy_of_another_architecture_stops_before_the_first_step(own_models, toy, tiny_vl, tmp_path):
    briefs = toy_briefs(toy / "cases.jsonl", 16)
    reward = rubric("self_consistency", own_models["self_consistency"]).reward_func(briefs)
    trainer = make_trainer(briefs, tiny_vl, tmp_path / "run", reward)
    with pytest.raises(DataError, match="another architecture"):
        trainer.train()
