"""Every family as the docs have it: trained and evaluated, or refused in one line; and tokens of pictures, counted."""

import random
from importlib.util import find_spec
from pathlib import Path

import pytest
import transformers as tf
from PIL import Image

from data import DataError
from prompts.chat import encode
from prompts.message import Message
from prompts.parts import Picture, Text
from prompts.parts.picture_tokens import tokens_of
from rl.models.load import load_processor
from rl.training.lengths import count
from tests.rl.families.cells import DONE, cells_of
from tests.rl.families.table import COLUMNS, FILE, read, written
from tests.rl.families.words import Words
from tests.rl.families.zoo import FAMILIES

SEEING = [name for name, family in FAMILIES.items() if family.sees]
TEXTS = ["The ad must not promise a cure. Tea that cures diabetes. approve reject"]


def family_of(name: str) -> None:
    if name == "SmolVLM" and find_spec("num2words") is None:
        pytest.skip("SmolVLM's processor needs num2words")


def test_the_docs_have_every_family_and_column() -> None:
    rows = read()
    assert list(rows) == list(FAMILIES) and len(rows) >= 17
    assert all(cells.keys() == COLUMNS.keys() for cells in rows.values())
    table = FILE.read_text(encoding="utf-8")
    assert written(rows).partition("(transformers")[0] in table


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", FAMILIES)
def test_the_family_does_what_the_docs_say(name: str, tmp_path: Path) -> None:
    family_of(name)
    assert cells_of(FAMILIES[name], tmp_path) == read()[name]
    assert name == "PaliGemma" or read()[name]["evaluate"] == DONE


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEING)
def test_pictures_of_any_shape_are_counted_exactly(name: str, tmp_path: Path) -> None:
    """Conversations with one picture and with three are as long as was counted from the headers of files alone."""
    family_of(name)
    FAMILIES[name].save(tmp_path / "model", TEXTS)
    if name == "PaliGemma":
        with pytest.raises(DataError, match="has no chat template"):
            load_processor(tmp_path / "model")
        return
    processor, draw = load_processor(tmp_path / "model"), random.Random(name)
    conversations = []
    for number, pictures in enumerate([1, 3, 1, 1]):
        parts: list[Text | Picture] = [Text("Tea.")]
        for place in range(pictures):
            path = tmp_path / f"{number}-{place}.png"
            Image.new("RGB", (draw.randint(40, 900), draw.randint(40, 900))).save(path)
            parts += [Picture(str(path), f"image {place}"), Text(f"image {place}.")]
        conversations.append([Message("system", (Text("No cures."),)), Message("user", tuple(parts))])
    for conversation, length in zip(conversations, count(conversations, processor), strict=True):
        real = encode(processor, [conversation])["input_ids"].shape[1]
        begun = processor.tokenizer.bos_token_id is not None  # type: ignore[union-attr]
        assert length.total in (real, real - 1) if begun else length.total == real
        assert length.media["pictures"] > 0


def test_real_settings_of_llava_onevision_are_counted_exactly() -> None:
    """Tiles of up to 6 × 6, scaled down to nine: what the formula once had as 817 is 604."""
    words = Words(TEXTS, FAMILIES["LLaVA-OneVision"].template, ("<image>", "<video>"))
    grid = [[384 * rows, 384 * columns] for rows in range(1, 7) for columns in range(1, 7)]
    processor = tf.LlavaOnevisionProcessor(
        tf.LlavaOnevisionImageProcessor(size={"height": 384, "width": 384}, image_grid_pinpoints=grid),
        words.tokenizer, tf.LlavaOnevisionVideoProcessor(), num_image_tokens=729,
        vision_feature_select_strategy="full", chat_template=words.template, image_token="<image>",
        video_token="<video>",
    )  # fmt: skip
    for width, height in ((112, 112), (640, 480), (300, 900), (2000, 2000)):
        asked = [{"role": "user", "content": [{"type": "image", "image": Image.new("RGB", (width, height))}]}]
        seen = processor.apply_chat_template([asked], tokenize=True, return_dict=True)["input_ids"][0]
        assert tokens_of(processor, width, height) == seen.count(processor.image_token_id)
        shown = {"type": "image", "image": Image.new("RGB", (width, height))}
        for several in (2, 3):  # of which none is cut into tiles
            seen = processor.apply_chat_template(
                [[{"role": "user", "content": [shown] * several}]], tokenize=True, return_dict=True
            )["input_ids"][0]
            assert several * tokens_of(processor, width, height, alone=False) == seen.count(processor.image_token_id)
