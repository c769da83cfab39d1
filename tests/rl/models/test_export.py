"""A trained model out of the house: plain transformers loads it, and it says what it said before."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForImageTextToText, AutoProcessor, AutoTokenizer

from data import DataError
from rl.config.model import ModelConfig
from rl.models.export import export
from rl.models.load import load_model, load_processor

IDS = torch.arange(20, 40)[None]


@pytest.mark.parametrize("kind", ["vl", "text"])
def test_a_merged_adapter_says_what_the_adapter_did(kind: str, tiny_vl: Path, tiny_text: Path, tmp_path: Path) -> None:
    path = {"vl": tiny_vl, "text": tiny_text}[kind]
    adapted = load_model(ModelConfig(path=str(path), dtype="float32", lora={"r": 4, "alpha": 8})).eval()
    torch.manual_seed(0)
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:  # which begins at 0, and would leave everything as it was
            torch.nn.init.normal_(weight, std=0.1)
    final = tmp_path / "run/checkpoints/final"
    adapted.save_pretrained(final)
    load_processor(path).save_pretrained(final)

    to = export(tmp_path / "run", tmp_path / "merged", merge=True)
    auto = AutoModelForImageTextToText if kind == "vl" else AutoModelForCausalLM
    plain, report = auto.from_pretrained(to, output_loading_info=True)
    assert not report["missing_keys"] and not report["unexpected_keys"] and not (to / "adapter_config.json").exists()
    before, after = (model(input_ids=IDS).logits for model in (adapted, plain.eval()))
    torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(after, load_model(ModelConfig(path=str(path))).eval()(input_ids=IDS).logits, atol=1e-2)
    (AutoProcessor if kind == "vl" else AutoTokenizer).from_pretrained(to)
    kept = export(final, tmp_path / "kept")
    assert (kept / "adapter_model.safetensors").is_file() and not (kept / "model.safetensors").exists()


def test_a_whole_model_goes_without_what_is_for_going_on(tiny_text: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "run/checkpoints/checkpoint-2"
    export(tiny_text, checkpoint)
    for name in ("optimizer.pt", "rng_state_0.pth", "trainer_state.json", "complete.json"):
        (checkpoint / name).write_text("x")
    to = export(checkpoint, tmp_path / "out")
    assert {path.name for path in to.iterdir()} == {path.name for path in tiny_text.iterdir()}
    AutoModelForCausalLM.from_pretrained(to)


def test_what_cannot_be_exported_is_said(tiny_text: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is no adapter.*leave out --merge"):
        export(tiny_text, tmp_path / "out", merge=True)
    with pytest.raises(DataError, match="holds no trained model"):
        export(tmp_path, tmp_path / "out")
    (tmp_path / "out").mkdir()
    with pytest.raises(DataError, match="is there already"):
        export(tiny_text, tmp_path / "out")
    inside = tiny_text / "deeper" / "out"
    with pytest.raises(DataError, match="lies in the model's own folder"):
        export(tiny_text, inside)
    assert not inside.parent.exists()
