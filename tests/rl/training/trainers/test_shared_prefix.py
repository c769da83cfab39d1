"""What the trainer that shares prompts does with batches, and when it does not share."""

import io
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from rich.console import Console
from trl import GRPOConfig

from rl.config.model import ModelConfig
from rl.models.load import context_length, load_model, load_processor
from rl.shared_prefix.prompt import Prompt
from rl.shared_prefix.rows import batched
from rl.training.rows import rows_for_rl
from rl.training.trainers import prompt_reader, shared_prefix
from rl.training.trainers.grpo import RulingGRPOTrainer
from rl.training.trainers.prompt_reader import PromptReader
from rl.training.trainers.shared_prefix import PROMPTS
from tests.rl.conftest import toy_briefs
from tests.rl.training.test_ppo import make_trainer
from tests.rl.training.toy_reward import ToyReward


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What people are told."""
    heard = io.StringIO()
    monkeypatch.setattr(shared_prefix, "console", lambda: Console(file=heard, width=200))
    return heard


def trainer_for(
    toy: Path,
    model: Path,
    output: Path,
    cases: str = "cases.jsonl",
    refill: int = 0,
    reward: ToyReward | None = None,
    **settings: Any,
) -> RulingGRPOTrainer:
    processor, policy = load_processor(model), load_model(ModelConfig(path=str(model)))
    args = GRPOConfig(
        output_dir=str(output),
        report_to="none",
        bf16=False,
        save_strategy="no",
        disable_tqdm=True,
        num_generations=4,
        max_completion_length=8,
        **{"per_device_train_batch_size": 8, "max_steps": 2, "gradient_checkpointing": False} | settings,
    )
    return RulingGRPOTrainer(
        reward=reward or ToyReward(fails=False),
        rollouts=output / "rollouts",
        refill=refill,
        shared_prefix=True,
        model=policy,
        args=args,
        train_dataset=rows_for_rl(toy_briefs(toy / cases, 16), processor, context_length(policy), 8, "compact"),
        processing_class=processor,
    )


@pytest.mark.parametrize(
    ("model", "cases"), [("tiny_vl", "cases.jsonl"), ("tiny_vl", "text.jsonl"), ("tiny_text", "text.jsonl")]
)
def test_a_case_goes_through_the_processor_once(
    model: str, cases: str, toy: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
):
    trainer, asked, process = trainer_for(toy, request.getfixturevalue(model), tmp_path, cases), [], Prompt.of

    def spied(*args: Any, **kwargs: Any) -> Prompt:
        asked.append(1)
        return process(*args, **kwargs)

    monkeypatch.setattr(Prompt, "of", spied)
    trainer.train()
    assert trainer.shares and len(asked) == 4  # two steps of two cases


def test_groups_stay_together_in_every_batch_and_their_order_is_drawn(toy: Path, tiny_vl: Path, tmp_path: Path):
    settings = {"per_device_train_batch_size": 8, "steps_per_generation": 4, "max_steps": 4}
    trainer, seen = trainer_for(toy, tiny_vl, tmp_path, **settings), []
    loss = trainer._compute_loss

    def spied(model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        seen.append(Counter(map(id, inputs[PROMPTS])))
        return loss(model, inputs)

    trainer._compute_loss = spied  # type: ignore[method-assign]
    trainer.train()
    assert len(seen) == 4 and all(set(batch.values()) == {4} and len(batch) == 2 for batch in seen)
    drawn = [case for batch in seen for case in batch]
    assert len(set(drawn)) == 8
    assert drawn != [id(trainer._reader._kept[case]) for case in trainer._reader._kept]


@pytest.mark.parametrize(
    ("batch", "rows", "pieces"), [(None, 8, [8]), (8, 16, [8, 8]), (6, 12, [4, 4, 4]), (2, 8, [2] * 4)]
)
def test_passes_depend_on_the_number_of_rows_alone(
    batch: int | None, rows: int, pieces: list[int], toy: Path, tiny_vl: Path, tmp_path: Path
):
    found = list(trainer_for(toy, tiny_vl, tmp_path)._pieces(rows, batch))
    assert [piece.stop - piece.start for piece in found] == pieces
    assert [piece.start for piece in found[1:]] == [piece.stop for piece in found[:-1]]


def test_a_model_that_cannot_be_packed_is_trained_as_before(
    toy: Path, tiny_vl: Path, tmp_path: Path, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shared_prefix, "why_not", lambda model: "its layers carry a state")
    trainer = trainer_for(toy, tiny_vl, tmp_path)
    trainer.train()
    assert not trainer.shares and trainer.state.global_step == 2
    assert said.getvalue().count("carry a state") == 1


def test_a_model_whose_packed_log_probabilities_are_wrong_is_trained_as_before(
    toy: Path, tiny_vl: Path, tmp_path: Path, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
):
    right = shared_prefix.difference
    monkeypatch.setattr(shared_prefix, "difference", lambda *asked: right(*asked) + 0.01)
    trainer = trainer_for(toy, tiny_vl, tmp_path)
    trainer.train()
    assert not trainer.shares and trainer.state.global_step == 2
    assert said.getvalue().count("differ by 0.01 on average") == 1


def test_a_critic_of_another_kind_than_the_policy_is_asked_row_by_row(
    toy: Path, tiny_text: Path, tiny_vl: Path, tmp_path: Path, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
):
    """It would count positions in its own way."""
    other: Any = load_model(ModelConfig(path=str(tiny_vl)))
    monkeypatch.setattr("rl.models.critic._trunk_of", lambda start: other.base_model)
    trainer = make_trainer(toy, tiny_text, tmp_path / "run", critic={"layout": "trunk"})
    trainer.train()
    assert not trainer.shares and trainer.state.global_step == 2
    assert said.getvalue().count("its critic is a model of another kind") == 1


def test_the_checkpoint_does_not_know_of_it(toy: Path, tiny_vl: Path, tmp_path: Path):
    trainer = trainer_for(toy, tiny_vl, tmp_path)
    trainer.save_model(str(tmp_path / "saved"))
    assert "shared_prefix" not in (tmp_path / "saved" / "config.json").read_text()
    assert (
        load_model(ModelConfig(path=str(tmp_path / "saved"))).config.get_text_config()._attn_implementation == "sdpa"
    )


def test_prompts_are_forgotten_when_they_take_too_much(tiny_vl: Path, monkeypatch: pytest.MonkeyPatch):
    reader = PromptReader(load_processor(tiny_vl), None, {})

    def row(case: int) -> dict[str, Any]:
        content = [{"type": "image"}, {"type": "text", "text": "fresh bread daily"}]
        return {
            "case": str(case),
            "prompt": [{"role": "user", "content": content}],
            "images": [Image.new("RGB", (56, 56))],
        }

    first = reader.read([row(0), row(0), row(1)])
    assert first[0] is first[1] and first[0] is not first[2]
    assert reader.read([row(0)])[0] is first[0]
    monkeypatch.setattr(prompt_reader, "KEPT", first[0].bytes)
    assert reader.read([row(2), row(3)])[1] is reader.read([row(3)])[0]
    assert list(reader._kept) == ["3"]


def test_a_batch_for_generate_has_token_types_for_every_row():
    types = torch.tensor([[0, 1]])
    with_picture = Prompt(torch.tensor([5, 6]), {"pixel_values": torch.ones(4, 3), "mm_token_type_ids": types})
    fields = batched([with_picture, Prompt(torch.tensor([7, 8, 9])), with_picture])
    assert fields["mm_token_type_ids"] == [[0, 1], [0, 0, 0], [0, 1]]
    assert fields["pixel_values"].shape == (8, 3)
