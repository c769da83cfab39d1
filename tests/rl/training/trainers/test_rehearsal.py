"""A run begins with its longest batch and is afterwards as it would have been without."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from data import DataError
from rl.config.model import ModelConfig
from rl.config.policy import GRPORecipe
from rl.config.train import SFTRecipe, TrainRecipe
from rl.models.load import load_model
from rl.training import train
from rl.training.trainers import rehearsal


def recipe(kind: type[TrainRecipe], toy: Path, model: Path, output: Path, **own: Any) -> Any:
    trainer = {
        "max_steps": 2,
        "per_device_train_batch_size": 4,
        "report_to": "none",
        "bf16": False,
        "logging_steps": 1,
        "gradient_checkpointing": False,
    } | own.pop("trainer", {})
    data = {"train": [str(toy / "cases.jsonl")], "rulebook": str(toy / "rules.yaml"), "template": "compact"}
    lora = {"r": 4, "dropout": 0.3}
    return kind(
        name="mine", output=output, data=data, model={"path": str(model), "lora": lora}, trainer=trainer, **own
    )


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "adapter_model.safetensors")


@pytest.mark.parametrize("kind", [SFTRecipe, GRPORecipe])
def test_nothing_of_it_is_left(kind: type[TrainRecipe], toy: Path, tiny_vl: Path, tmp_path: Path) -> None:
    """Dropout and sampling draw random numbers: one draw too many, and other weights would come out."""
    own: dict[str, Any] = {}
    if kind is GRPORecipe:
        settings = {"num_generations": 2, "max_completion_length": 8, "scale_rewards": "none"}
        own = {"rubric": "default", "trainer": settings}
    seen: list[Any] = []
    original = rehearsal.learn
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rehearsal, "learn", lambda *args: seen.append(original(*args)) or seen[-1])
        with_it = train(recipe(kind, toy, tiny_vl, tmp_path / "with", **own))
        without = train(recipe(kind, toy, tiny_vl, tmp_path / "without", rehearse=False, **own))
    assert len(seen) == 1 and seen[0].gradients > 0
    first, second = weights(with_it), weights(without)
    assert first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_it_is_the_longest(toy: Path, tiny_vl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []
    original = rehearsal.longest_inputs

    def noted(trainer: Any, recipe: Any) -> Any:
        called.append((original(trainer, recipe), trainer.train_dataset.with_format(None)["length"]))
        return called[-1][0]

    monkeypatch.setattr(rehearsal, "longest_inputs", noted)
    train(recipe(SFTRecipe, toy, tiny_vl, tmp_path / "run"))
    ((inputs, lengths),) = called
    assert sorted(inputs["attention_mask"].sum(dim=1).tolist()) == sorted(lengths)[-4:]


def test_its_passes_are_not_those_of_the_models_own_parameters(tiny_vl: Path) -> None:
    """`DistributedDataParallel` counts, by hooks on these, what a process has used since the last step."""
    model, used = load_model(ModelConfig(path=str(tiny_vl))), list[str]()
    before = dict(model.named_parameters())
    for name, weight in before.items():
        weight.register_hook(lambda grad, n=name: used.append(n))
    with rehearsal.nothing_left(model):
        model(input_ids=torch.tensor([[5, 6, 7]])).logits.sum().backward()
        assert len(dict(model.named_parameters())) == len(before)  # what was shared is shared
    assert not used and all(weight.grad is None for weight in model.parameters())
    after = dict(model.named_parameters())
    assert before.keys() == after.keys() and all(after[name] is weight for name, weight in before.items())


def test_where_memory_does_not_suffice_it_is_said_what_to_change(
    toy: Path, tiny_vl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(rehearsal, "learn", full)
    message = (
        r"the longest batch, 4 rows in \d+ tokens, does not fit into memory: try --gradient_checkpointing true, "
        r"or --per_device_train_batch_size 2 --gradient_accumulation_steps 2, or --accelerate zero3"
    )
    with pytest.raises(DataError, match=message):
        train(recipe(SFTRecipe, toy, tiny_vl, tmp_path / "run"))
