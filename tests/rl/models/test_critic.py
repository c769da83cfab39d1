"""A critic made a part of a policy: what it begins with, and what cannot be one."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import AutoModel, AutoModelForSequenceClassification

from data import DataError
from rewards.models.scalar_head import ScalarHead, load_scorer
from rl.models.critic import VALUES, restore_critic
from rl.models.load import load_processor
from rl.training.trainers.ppo import WEIGHTS
from tests.rl.training.test_ppo import make_trainer


def test_a_checkpoint_of_another_critic_is_refused(toy: Path, tiny_text: Path, tmp_path: Path):
    trainer = make_trainer(toy, tiny_text, tmp_path / "run")
    save_file({"critic.trunk.weight": torch.zeros(1)}, tmp_path / WEIGHTS)
    with pytest.raises(DataError, match=r"is of another critic: 2 weights differ, critic\.score\.weight"):
        restore_critic(trainer.model, tmp_path / WEIGHTS)


@pytest.mark.parametrize("kind", ["tiny_vl", "tiny_text"])
def test_a_critic_may_begin_as_a_reward_model(
    kind: str, toy: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
):
    """What it foresees after the last token of a text is what the reward model says of the text."""
    model = request.getfixturevalue(kind)
    processor, folder = load_processor(model), tmp_path / "reward"
    torch.manual_seed(1)
    if kind == "tiny_vl":
        backbone = AutoModel.from_pretrained(model)
        ScalarHead(backbone, torch.randn(1, 64)).save_pretrained(folder)
    else:
        AutoModelForSequenceClassification.from_pretrained(model, num_labels=1).save_pretrained(folder)
    processor.save_pretrained(folder)
    ids = torch.arange(20, 40).view(2, 10)
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    with torch.no_grad():
        expected = load_scorer(str(folder), processor)(**inputs).logits[:, 0]
        for layout in ("trunk", "head"):  # the policy's trunk is that of the reward model, here
            critic = {"layout": layout, "path": str(folder)}
            trainer = make_trainer(toy, model, tmp_path / layout, critic=critic)
            trainer.model.eval()
            output = trainer.model(**inputs, labels=ids, fused_lm_head=True, with_values=True)
            torch.testing.assert_close(output[VALUES][:, -1], expected, atol=1e-5, rtol=1e-5)


def test_a_head_of_another_size_is_refused(toy: Path, tiny_vl: Path, tmp_path: Path):
    config = AutoModel.from_pretrained(tiny_vl).config
    config.text_config.hidden_size, config.vision_config.out_hidden_size = 32, 32
    config.text_config.rope_parameters["mrope_section"] = [2, 1, 1]
    ScalarHead(AutoModel.from_config(config)).save_pretrained(tmp_path / "reward")
    with pytest.raises(DataError, match="its head is for hidden states of 32, the policy's are of 64"):
        make_trainer(toy, tiny_vl, tmp_path / "run", critic={"path": str(tmp_path / "reward")})
