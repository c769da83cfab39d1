"""Parts of a model that training leaves as they are."""

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from data import DataError
from rl.config.model import ModelConfig
from rl.config.train import SFTRecipe
from rl.models.freeze import part_of
from rl.models.load import empty_model, load_model
from rl.training.registry import train
from tests.rl.shared_prefix.families import FAMILIES


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.pictures])
def test_every_family_has_the_three_parts(name: str) -> None:
    model = FAMILIES[name].model()
    sizes = dict.fromkeys(("vision", "projector", "language"), 0)
    for weight, values in model.named_parameters():
        sizes[part_of(weight)] += values.numel()
    assert all(sizes.values()), sizes
    language = {*model.base_model.get_decoder().parameters(), *model.lm_head.parameters()}  # which may share one
    assert sizes["language"] == sum(weight.numel() for weight in language)


@pytest.mark.slow
@pytest.mark.parametrize("parts", [["vision"], ["vision", "projector"], ["language"]])
def test_what_is_frozen_stays_and_the_rest_learns(parts: list, toy: Path, tiny_vl: Path, tmp_path: Path) -> None:
    data = {"train": [str(toy / "cases.jsonl")], "rulebook": str(toy / "rules.yaml"), "template": "compact"}
    recipe = SFTRecipe(
        name="frozen",
        output=tmp_path / "run",
        data=data,
        model={"path": str(tiny_vl), "dtype": "float32", "freeze": parts},
        trainer={"max_steps": 2, "per_device_train_batch_size": 4, "learning_rate": 1e-3, "report_to": "none"},
    )
    train(recipe)
    before, after = (load_model(ModelConfig(path=str(path))).state_dict() for path in (tiny_vl, recipe.output))
    moved = {part_of(name) for name, weight in after.items() if not torch.equal(before[name], weight)}
    assert moved == {"vision", "projector", "language"} - set(parts)


def test_the_dry_run_counts_what_learns(tiny_vl: Path, tiny_text: Path) -> None:
    whole, without = empty_model(tiny_vl), empty_model(tiny_vl, frozen=["vision", "projector"])
    learning = sum(weight.numel() for weight in without.parameters() if weight.requires_grad)
    assert learning == sum(w.numel() for name, w in whole.named_parameters() if part_of(name) == "language")
    with pytest.raises(DataError, match=r"model\.freeze: the model has no part that is its vision"):
        empty_model(tiny_text, frozen=["vision"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"freeze": ["vision"], "lora": {}}, "lora.target_modules"),
        ({"freeze": ["vision", "projector", "language"]}, "leaves nothing to train"),
        ({"freeze": ["tower"]}, "vision"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ModelConfig(path="x", **given)
