"""How many pixels of a picture a model looks at."""

from pathlib import Path

import pytest
from PIL import Image

from data import DataError
from prompts.parts import Picture
from rl.config.model import ModelConfig
from rl.models.load import load_processor, processor_for


def tokens(path: Path, picture: Path, **pixels: int) -> int:
    return Picture(str(picture)).tokens(processor_for(ModelConfig(path=str(path), **pixels)))


def test_more_pixels_are_more_tokens_and_are_saved(tiny_vl: Path, tmp_path: Path) -> None:
    Image.new("RGB", (560, 560)).save(tmp_path / "large.png")
    large = tmp_path / "large.png"
    assert tokens(tiny_vl, large) == 16
    assert tokens(tiny_vl, large, min_pixels=28 * 28, max_pixels=4 * 28 * 28) == 4
    assert tokens(tiny_vl, large, max_pixels=400 * 28 * 28) == 400
    processor = processor_for(ModelConfig(path=str(tiny_vl), max_pixels=100 * 28 * 28))
    processor.save_pretrained(tmp_path / "saved")
    assert Picture(str(large)).tokens(load_processor(tmp_path / "saved")) == 100


def test_what_cannot_be_is_said(tiny_vl: Path, tiny_text: Path, tiny_llava: Path) -> None:
    with pytest.raises(DataError, match=r"model\.max_pixels: at least 12,544 pixels and at most 784"):
        processor_for(ModelConfig(path=str(tiny_vl), max_pixels=28 * 28))
    with pytest.raises(DataError, match=r"model\.min_pixels: the model reads no pictures"):
        processor_for(ModelConfig(path=str(tiny_text), min_pixels=28 * 28))
    with pytest.raises(DataError, match=r"model\.max_pixels: LlavaOnevisionImageProcessor\w* scales .* of its own"):
        processor_for(ModelConfig(path=str(tiny_llava), max_pixels=28 * 28))
