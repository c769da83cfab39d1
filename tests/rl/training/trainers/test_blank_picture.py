"""A blank picture has the vision tower run, and changes nothing else."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Gemma3ImageProcessor,
    PreTrainedModel,
    Qwen2VLImageProcessor,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
)

from data import DataError
from rl.config.model import LoraConfig
from rl.models.load import add_lora, load_processor
from rl.training.rows import rows_for_rl
from rl.training.trainers.blank_picture import BlankPicture, pictured, take_empty_for_none
from tests.rl.conftest import toy_briefs

TEXT = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "vocab_size": 128,
}
VISION = {"hidden_size": 32, "intermediate_size": 64}


def qwen3_vl() -> tuple[PreTrainedModel, Any]:
    """Its decoder sees features of the tower's inner layers, too."""
    rope = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [4, 2, 2]}
    vision = {"depth": 3, "num_heads": 2, "patch_size": 16, "out_hidden_size": 32, "deepstack_visual_indexes": [0, 1]}
    ids = {"image_token_id": 127, "video_token_id": 126, "vision_start_token_id": 125, "vision_end_token_id": 124}
    config = Qwen3VLConfig(text_config=TEXT | {"rope_parameters": rope}, vision_config=VISION | vision, **ids)
    return Qwen3VLForConditionalGeneration(config), Qwen2VLImageProcessor(patch_size=16)


def gemma3() -> tuple[PreTrainedModel, Any]:
    vision = {"num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 56, "patch_size": 14}
    config = Gemma3Config(
        text_config=TEXT, vision_config=VISION | vision, mm_tokens_per_image=4, image_token_id=127, boi_token_id=126
    )
    return Gemma3ForConditionalGeneration(config), Gemma3ImageProcessor(size={"height": 56, "width": 56})


@pytest.fixture(params=["qwen2.5", "qwen3", "gemma3"])
def family(request: pytest.FixtureRequest, tiny_vl: Path) -> tuple[PreTrainedModel, Any]:
    torch.manual_seed(0)
    if request.param == "qwen2.5":
        return AutoModelForImageTextToText.from_pretrained(tiny_vl), load_processor(tiny_vl)
    make: Callable[[], tuple[PreTrainedModel, Any]] = {"qwen3": qwen3_vl, "gemma3": gemma3}[request.param]
    model, images = make()
    return model, SimpleNamespace(image_processor=images)


def graded(model: PreTrainedModel, **more: Any) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The logits of a text, and the gradients of those weights that have one."""
    ids = torch.arange(8, 20)[None]
    logits = model(input_ids=ids, attention_mask=torch.ones_like(ids), **more)
    model.zero_grad(set_to_none=True)
    logits.logits.square().sum().backward()
    return logits.logits, {n: w.grad for n, w in model.named_parameters() if w.grad is not None}


def test_neither_the_output_nor_a_gradient_changes(family: tuple[PreTrainedModel, Any]):
    model, processor = family
    logits, before = graded(model)
    BlankPicture(model, processor)
    again, now = graded(model)
    assert torch.equal(again, logits)
    assert all(torch.equal(now[name], gradient) for name, gradient in before.items())
    tower = now.keys() - before.keys()
    assert tower and not any(now[name].any() for name in tower)


def test_the_same_weights_have_a_gradient_as_with_a_picture(family: tuple[PreTrainedModel, Any]):
    """Or processes would add up gradients of different weights."""
    model, processor = family
    blank = BlankPicture(model, processor)
    _, now = graded(model)
    config, inputs = model.config, blank._inputs
    seen = model.get_image_features(**inputs, return_dict=True).pooler_output
    count = sum(len(piece) for piece in seen)
    ids = torch.tensor([[8, 9, *[config.image_token_id] * count, 10, 11]])
    kinds = (ids == config.image_token_id).long()
    model.zero_grad(set_to_none=True)
    more = {"token_type_ids": kinds} if "gemma" in config.model_type else {"mm_token_type_ids": kinds}
    model(input_ids=ids, attention_mask=torch.ones_like(ids), **more, **inputs).logits.square().sum().backward()
    assert {name for name, weight in model.named_parameters() if weight.grad is not None} == now.keys()


def test_an_adapters_model_is_found(tiny_vl: Path):
    plain = AutoModelForImageTextToText.from_pretrained(tiny_vl)
    model: Any = add_lora(plain, LoraConfig(r=2, target_modules="all-linear"))
    BlankPicture(model, load_processor(tiny_vl))
    _, gradients = graded(model)
    assert any("visual" in name and "lora" in name for name in gradients)


def test_while_a_completion_is_written_the_picture_is_shown_once(tiny_vl: Path):
    model = AutoModelForImageTextToText.from_pretrained(tiny_vl)
    ids = torch.arange(8, 20)[None]
    asked = {"attention_mask": torch.ones_like(ids), "do_sample": False, "max_new_tokens": 6, "min_new_tokens": 6}
    before = model.generate(input_ids=ids, **asked)
    passes: list[int] = []
    model.model.visual.register_forward_hook(lambda *_: passes.append(1))
    BlankPicture(model, load_processor(tiny_vl))
    assert torch.equal(model.generate(input_ids=ids, **asked), before)
    assert len(passes) == 1


def test_what_is_left_of_pictures_where_there_are_none_is_none(tiny_vl: Path):
    model = AutoModelForImageTextToText.from_pretrained(tiny_vl)
    empty = {"pixel_values": torch.empty(0, 1176), "image_grid_thw": torch.empty(0, 3, dtype=torch.long)}
    logits, _ = graded(model)
    take_empty_for_none(model)
    assert torch.equal(graded(model, **empty)[0], logits)
    BlankPicture(model, load_processor(tiny_vl))
    _, gradients = graded(model, **empty)
    assert any("visual" in name for name in gradients)


def test_a_model_that_does_not_say_how_it_sees_is_refused(tiny_text: Path):
    model = AutoModelForCausalLM.from_pretrained(tiny_text)
    with pytest.raises(DataError, match=r"data\.train: some cases have pictures .*Qwen3Model cannot"):
        BlankPicture(model, SimpleNamespace())


def test_rows_with_pictures_are_known_without_opening_a_picture(
    toy: Path, tiny_vl: Path, monkeypatch: pytest.MonkeyPatch
):
    briefs, processor = toy_briefs(toy / "cases.jsonl", 4), load_processor(tiny_vl)
    monkeypatch.setattr("prompts.parts.picture.open_image", lambda *_: pytest.fail("a picture is opened"))
    found = []
    for bare in (briefs[:0], briefs[1:2], briefs):
        for brief in bare:
            brief.case.images = []
        found.append(pictured(rows_for_rl(briefs, processor, 512, 8, "compact")))
    assert found == [[True] * 4, [True, False, True, True], [False] * 4]
