"""Models load whole or not at all."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from data import DataError
from rl.config.model import LoraConfig, ModelConfig
from rl.config.recipe import SHIPPED
from rl.models.load import (
    context_length,
    empty_model,
    load_model,
    load_processor,
    special_tokens,
    tokenizer_of,
)
from rl.models.tiny import SPECIAL_TOKENS

LORA = LoraConfig(r=4, target_modules=r".*language_model.*\.(q|v)_proj")


@pytest.fixture
def copy(tiny_vl: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_vl, tmp_path / "copy")


def weights_without(folder: Path, rename: str | None) -> None:
    """Takes one weight out of a checkpoint, or gives it another name."""
    file = folder / "model.safetensors"
    weights = load_file(file)
    name = next(name for name in weights if name.endswith("q_proj.weight"))
    weight = weights.pop(name)
    if rename:
        weights[rename] = weight
    save_file(weights, file, metadata={"format": "pt"})


def test_a_missing_weight_is_an_error(copy: Path) -> None:
    weights_without(copy, rename=None)
    with pytest.raises(DataError, match=r"1 missing keys .*q_proj\.weight"):
        load_model(ModelConfig(path=str(copy)))


def test_an_unexpected_weight_stops_a_resume(copy: Path, tiny_vl: Path) -> None:
    file = copy / "model.safetensors"
    save_file(load_file(file) | {"extra.weight": torch.zeros(2)}, file, metadata={"format": "pt"})
    load_model(ModelConfig(path=str(copy)))
    with pytest.raises(DataError, match=r"1 unexpected keys .*extra"):
        load_model(ModelConfig(path=str(tiny_vl)), checkpoint=copy)


def test_a_checkpoint_of_another_shape_is_an_error(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    config["text_config"]["intermediate_size"] *= 2
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises((DataError, RuntimeError), match=r"mismatch|size"):
        load_model(ModelConfig(path=str(copy)))


def test_no_model_and_no_processor() -> None:
    with pytest.raises(DataError, match="nowhere: no model can be loaded"):
        load_model(ModelConfig(path="nowhere"))
    with pytest.raises(DataError, match="nowhere: no processor or tokenizer"):
        load_processor("nowhere")


def test_processor_or_tokenizer(tiny_vl: Path, tiny_text: Path) -> None:
    for path in (tiny_vl, tiny_text):
        processor = load_processor(path)
        assert tokenizer_of(processor).padding_side == "left"
        assert set(SPECIAL_TOKENS) == set(special_tokens(processor))


def test_dtype(tiny_vl: Path) -> None:
    assert load_model(ModelConfig(path=str(tiny_vl), dtype="bfloat16")).dtype == torch.bfloat16


def test_an_adapter_is_trained_alone_and_loads_whole(tiny_vl: Path, tmp_path: Path) -> None:
    model = load_model(ModelConfig(path=str(tiny_vl), lora=LORA))
    trained = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    assert trained and all("lora" in name for name in trained)
    for weight in trained.values():
        torch.nn.init.normal_(weight)
    model.save_pretrained(tmp_path)

    again = load_model(ModelConfig(path=str(tmp_path)))
    assert {name for name, weight in again.named_parameters() if weight.requires_grad} == trained.keys()
    assert all(torch.equal(again.get_parameter(name), weight) for name, weight in trained.items())
    assert not any(
        weight.requires_grad for weight in load_model(ModelConfig(path=str(tmp_path)), trainable=False).parameters()
    )

    file = tmp_path / "adapter_model.safetensors"
    weights = load_file(file)
    weights.pop(next(iter(weights)))
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(DataError, match="1 missing keys"):
        load_model(ModelConfig(path=str(tmp_path)))


def test_four_bits_need_bitsandbytes(tiny_vl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rl.models.load.is_bitsandbytes_available", lambda: False)
    with pytest.raises(DataError, match=r"pip install 'ruling\[qlora\]'"):
        load_model(ModelConfig(path=str(tiny_vl), lora=LORA, load_in_4bit=True))


def test_the_3b_model_is_counted_without_weights() -> None:
    """The number of parameters that Qwen2.5-VL-3B-Instruct is published with, and those of its adapters."""
    lora = LoraConfig(r=16, target_modules=r".*language_model.*\.(q|k|v|o|gate|up|down)_proj")
    model = empty_model(SHIPPED / "qwen2.5-vl-3b", lora)
    adapters = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert sum(p.numel() for p in model.parameters()) - adapters == 3_754_622_976
    # Each adapter of a layer from m to n has 16 (m + n) weights.
    layer = 4 * (2048 + 2048) // 2 + 2 * (2048 + 256) + 3 * (2048 + 11008)
    assert adapters == 36 * 16 * layer
    assert context_length(model) == 128_000


@pytest.mark.parametrize("path", ["/nowhere/run", "./nowhere"])
def test_what_can_only_be_a_folder_is_not_sought_on_the_hub(path: str):
    with pytest.raises(DataError, match="there is no such folder"):
        load_processor(path)
