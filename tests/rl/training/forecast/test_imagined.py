"""What is imagined holds what is real, to the byte: in what passes keep, and in the most they hold at once."""

from pathlib import Path
from typing import Any

import pytest
import torch

from data import Briefs, load_cases
from prompts.processor import special_tokens
from prompts.reply import Reply
from rl.config.model import LoraConfig, ModelConfig
from rl.config.policy import GRPORecipe, PPORecipe
from rl.config.train import RewardRecipe, SFTRecipe, TrainRecipe
from rl.models.load import processor_for
from rl.training.forecast.batch import Batch, guess, read
from rl.training.forecast.imagined import Imagined
from rl.training.forecast.passes import inputs_of, learn, look
from rl.training.forecast.subject import imagine
from rl.training.rows import lessons_of
from tests.rl.conftest import toy_book


@pytest.fixture(scope="module")
def batch(toy: Path, tiny_vl: Path) -> Batch:
    """Four rows of several lengths, two of them on one case."""
    processor = processor_for(ModelConfig(path=str(tiny_vl)))
    briefs = Briefs.bind(load_cases(toy / "cases.jsonl")[:3], toy_book())
    lessons = lessons_of(briefs, "compact", special_tokens(processor), Reply.of(processor))
    prompts = [read(lesson[:-1], processor) for lesson in lessons]
    return Batch([prompts[0], prompts[0], *prompts[1:]], [9, 30, 17, 24])


def recipe(kind: type[TrainRecipe], folder: Path, lora: bool = False, attention: str | None = None, **own: Any) -> Any:
    adapters = LoraConfig(r=4) if lora else None
    model = ModelConfig(path=str(folder), lora=adapters, attn_implementation=attention)
    return kind(name="mine", model=model, data={"train": "a", "rulebook": "b"}, **own)


def both(made: Any, folder: Path, batch: Batch, packs: bool, checkpointing: Any = None, half: Any = None) -> list[Any]:
    """What is held by a real and by an imagined model."""
    real = imagine(made, folder, torch.float32, torch.float32, checkpointing)
    mode = Imagined()
    with mode:
        thought = imagine(made, folder, torch.float32, torch.float32, checkpointing)
    return [
        learn(real, inputs_of(real, batch, packs), half),
        learn(thought, inputs_of(thought, batch, packs), half, mode),
    ]


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("checkpointing", [None, {}])
def test_sft(attention: str, checkpointing: Any, tiny_vl: Path, batch: Batch) -> None:
    real, imagined = both(recipe(SFTRecipe, tiny_vl, attention=attention), tiny_vl, batch, False, checkpointing)
    assert real == imagined and real.peak > real.saved > 0


def test_half_precision_and_adapters(tiny_vl: Path, batch: Batch) -> None:
    made = recipe(SFTRecipe, tiny_vl, lora=True)
    real, imagined = both(made, tiny_vl, batch, False, half=torch.bfloat16)
    assert real == imagined and real.gradients < real.saved
    real, imagined = both(made, tiny_vl, batch, False, checkpointing={})
    assert real == imagined


@pytest.mark.parametrize("packs", [True, False])
def test_grpo(packs: bool, tiny_vl: Path, batch: Batch) -> None:
    real, imagined = both(recipe(GRPORecipe, tiny_vl, rubric="default"), tiny_vl, batch, packs)
    assert real == imagined


def test_a_prompt_read_once_is_held_once(tiny_vl: Path, batch: Batch) -> None:
    made = recipe(GRPORecipe, tiny_vl, rubric="default")
    group = Batch([batch.prompts[0]] * 8, [4] * 8)
    packed, dense = (both(made, tiny_vl, group, packs)[1] for packs in (True, False))
    assert packed.saved < dense.saved / 3


@pytest.mark.parametrize(("layout", "lora"), [("head", False), ("adapter", True), ("trunk", False)])
def test_ppo(layout: str, lora: bool, tiny_vl: Path, batch: Batch) -> None:
    made = recipe(PPORecipe, tiny_vl, lora, rubric="default", critic={"layout": layout})
    real, imagined = both(made, tiny_vl, batch, True)
    assert real == imagined
    plain = both(recipe(GRPORecipe, tiny_vl, lora, rubric="default"), tiny_vl, batch, True)[1]
    assert imagined.gradients > plain.gradients and (imagined.saved > 1.2 * plain.saved) == (layout != "head")


def test_a_reward_model(tiny_vl: Path, batch: Batch) -> None:
    whole = Batch(batch.prompts, [0] * len(batch))
    real, imagined = both(recipe(RewardRecipe, tiny_vl, pairs="c"), tiny_vl, whole, False)
    assert real == imagined and real.saved


@pytest.mark.parametrize("packs", [True, False])
def test_looking_at_prompts(packs: bool, tiny_vl: Path, batch: Batch) -> None:
    made = recipe(GRPORecipe, tiny_vl, rubric="default")
    real = imagine(made, tiny_vl, torch.float32, torch.float32, None)
    mode = Imagined()
    with mode:
        thought = imagine(made, tiny_vl, torch.float32, torch.float32, None)
    found = look(real, batch, packs, None)
    assert found == look(thought, batch, packs, None, mode) > 0


def test_nothing_is_drawn_and_nothing_is_there(tiny_vl: Path, batch: Batch) -> None:
    before = torch.get_rng_state()
    mode = Imagined()
    with mode:
        model = imagine(recipe(SFTRecipe, tiny_vl), tiny_vl, torch.float32, torch.float32, None)
    learn(model, inputs_of(model, batch, False), None, mode)
    assert torch.equal(before, torch.get_rng_state())
    assert {
        type(weight.untyped_storage().device.type) and str(weight.untyped_storage().device)
        for weight in model.parameters()
    } == {"meta"}


def test_integers_are_real_where_they_decide_a_shape() -> None:
    with Imagined():
        ids = torch.tensor([1, 2, 2])
        picked = torch.randn(3, 5)[ids == 2]
        assert picked.shape == (2, 5) and (ids == 2).sum().item() == 2
        assert torch.randn(3).sum().item() == 0.0


def test_what_cannot_be_counted_is_guessed_in_a_grid(tiny_vl: Path) -> None:
    from rl.models.load import load_config

    config = load_config(tiny_vl)
    prompt = guess(40, [12, 7], config)
    assert prompt is not None and prompt.media["image_grid_thw"].tolist() == [[1, 6, 8], [1, 2, 14]]
    assert len(prompt.ids) == 40 + 12 + 7 + 4 and len(prompt.media["pixel_values"]) == 4 * 19
    assert guess(40, [12], config.get_text_config()) is None
    assert len(guess(40, [0], config).ids) == 40  # type: ignore[union-attr]
    held = both(recipe(SFTRecipe, tiny_vl), tiny_vl, Batch([prompt, prompt], [5, 9]), False)
    assert held[0] == held[1]
