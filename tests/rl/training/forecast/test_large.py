"""A model that is only a configuration: published shapes, no weights, nothing from the Hub."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from data import Case, Gold, save_cases
from rl.config.recipe import SHIPPED
from rl.training.launch.machines import Machines
from rl.training.preflight import preflight

pytestmark = pytest.mark.slow


@pytest.fixture
def seven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe for every weight of a model with the shape of Qwen2.5-VL-7B."""
    from transformers import Qwen2_5_VLConfig

    monkeypatch.chdir(tmp_path)
    text = {
        "vocab_size": 152_064,
        "hidden_size": 3584,
        "intermediate_size": 18_944,
        "num_hidden_layers": 28,
        "num_attention_heads": 28,
        "num_key_value_heads": 4,
        "max_position_embeddings": 128_000,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
    }
    vision = {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16, "out_hidden_size": 3584}
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
    ids = dict(zip(names, (151_655, 151_656, 151_652, 151_653), strict=True))
    config = Qwen2_5_VLConfig(text_config=text, vision_config=vision, dtype="bfloat16", **ids)
    config.architectures = ["Qwen2_5_VLForConditionalGeneration"]
    config.save_pretrained("seven")
    shutil.copy(SHIPPED / "qwen2.5-vl-3b" / "preprocessor_config.json", "seven")
    Image.new("RGB", (896, 1344)).save("page.png")
    cases = [Case(id=f"page-{n}", images=["page.png"], gold=Gold(verdict="approve", violations=[])) for n in range(8)]
    save_cases(cases, "cases.jsonl")
    Path("grpo.yaml").write_text(
        "name: seven\ndata: {train: cases.jsonl, rulebook: contextdp}\n"
        "model: {path: nowhere/seven, settings: seven, dtype: bfloat16}\nrubric: contextdp\n"
        "trainer: {max_steps: 100, per_device_train_batch_size: 4, gradient_accumulation_steps: 4,\n"
        "  num_generations: 8, max_completion_length: 1024, scale_rewards: batch, beta: 0.0, bf16: true}\n"
    )
    return tmp_path / "grpo.yaml"


def test_seven_billion_weights_on_eight_devices(seven: Path) -> None:
    found = preflight("grpo", str(seven), {}, "zero3", Machines(8), bytes_of_a_device := 80 * 10**9)
    assert found.missing == ["model"] and found.forecast is not None
    forecast = found.forecast
    numbers = 8_292_166_656
    assert forecast.fits and forecast.memory == bytes_of_a_device
    assert forecast.weights == 2 * numbers // 8 and forecast.optimiser == 12 * numbers // 8
    assert forecast.writing > 2 * numbers  # gathered whole, to write
