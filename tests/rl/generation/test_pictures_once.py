"""Each distinct picture goes through the image processor once, and what comes of it is what came before."""

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from data import Briefs
from prompts import render
from prompts.chat import Conversation, encode
from rl.generation import pictures_once
from rl.generation.pictures_once import PicturesOnce
from rl.generation.reader import Reader
from rl.models.load import load_processor
from tests.rl.conftest import toy_book, toy_cases
from tests.rl.generation.test_local import talkative, written


class Counting:
    """An image processor that notes how many pictures it is given."""

    def __init__(self, maker: Any):
        self.maker, self.seen = maker, []

    def __call__(self, images: Any, **settings: Any) -> Any:
        self.seen.append(len(list(pictures_once._flat(images))))
        return self.maker(images, **settings)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.maker, name)


@pytest.fixture(params=["tiny_vl", "tiny_llava"])
def processor(request: pytest.FixtureRequest) -> Any:
    found: Any = load_processor(request.getfixturevalue(request.param))
    found.image_processor = Counting(found.image_processor)
    return found


@pytest.fixture
def twins(tmp_path: Path) -> Briefs:
    """Three cases with pictures of one colour each, and three with the same pixels in files of their own."""
    cases = toy_cases(tmp_path, 6)
    for place, case in enumerate(cases):
        picture = Image.new("RGB", (84 + 28 * (place % 3), 84), (40 * (place % 3), 90, 200))
        picture.save(tmp_path / case.images[0])
        case.images = case.images * (2 if place % 3 == 2 else 1)
    return Briefs.bind(cases, toy_book())


def asked(briefs: Briefs) -> list[Conversation]:
    return [render(brief.case, brief.excerpt, "compact") for brief in briefs]


def test_prompts_are_what_the_processor_makes_of_each_alone(processor: Any, twins: Briefs):
    conversations = asked(twins)
    expected = [encode(processor, [conversation]) for conversation in conversations]
    processor.image_processor.seen.clear()
    reader = Reader(processor, {})
    for batch in (slice(0, 2), slice(2, 6), slice(0, 6)):
        prompts = reader.prompts(conversations[batch])
        for prompt, alone in zip(prompts, expected[batch], strict=True):
            assert prompt.ids.tolist() == alone["input_ids"][0].tolist()
            assert prompt.media.keys() == alone.keys() - {"input_ids", "attention_mask"}
            for name, value in prompt.media.items():
                assert value.dtype == alone[name].dtype and torch.equal(value, alone[name]), name
    if "image_grid_thw" in prompts[0].media:
        assert processor.image_processor.seen == [2, 1]


def test_where_pictures_are_not_told_apart_lists_of_them_are_read_once(twins: Briefs, tiny_llava: Path):
    processor: Any = load_processor(tiny_llava)
    processor.image_processor = Counting(processor.image_processor)
    reader = Reader(processor, {})
    first, *_, last = asked(twins)
    before = [len(reader.prompts([conversation])) for conversation in (first, last)]
    seen = list(processor.image_processor.seen)
    assert [len(reader.prompts([conversation])) for conversation in (first, last)] == before
    assert processor.image_processor.seen == seen


def test_the_processor_is_as_it_was_afterwards(tiny_vl: Path):
    processor: Any = load_processor(tiny_vl)
    maker = processor.image_processor
    with PicturesOnce(processor).at_work():
        assert processor.image_processor is not maker and processor.image_processor.merge_size == maker.merge_size
    assert processor.image_processor is maker


def test_other_pictures_and_other_settings_are_others():
    red, blue = (Image.new("RGB", (4, 6), colour) for colour in ("red", "blue"))
    turned, grey = red.resize((6, 4)), red.convert("L")
    pictures = (red, blue, turned, grey)
    keys = {pictures_once._key(picture, settings) for picture in pictures for settings in ({}, {"size": 2})}
    assert len(keys) == 8 and pictures_once._key(red.copy(), {}) in keys


def test_pixels_are_forgotten_when_they_take_too_much(tiny_vl: Path, monkeypatch: pytest.MonkeyPatch):
    processor: Any = load_processor(tiny_vl)
    counting = Counting(processor.image_processor)
    once, colours = PicturesOnce(processor), [Image.new("RGB", (56, 56), (shade, 0, 0)) for shade in range(4)]
    for picture in (*colours, colours[0]):
        once.made(counting, [picture], {"return_tensors": "pt"})
    assert counting.seen == [1] * 4
    monkeypatch.setattr(pictures_once, "KEPT", pictures_once._bytes(next(iter(once._kept.values()))))
    once.made(counting, [colours[1]], {"return_tensors": "pt"})
    assert len(once._kept) == 1 and counting.seen == [1] * 4
    once.made(counting, [colours[0]], {"return_tensors": "pt"})
    assert counting.seen == [1] * 5


def test_a_model_writes_the_same_about_twins(tiny_vl: Path, twins: Briefs, monkeypatch: pytest.MonkeyPatch):
    model, processor = talkative(tiny_vl), load_processor(tiny_vl)
    once = written(model, processor, twins, batch_size=4, max_new_tokens=12)
    monkeypatch.setattr(PicturesOnce, "made", lambda self, maker, images, settings: maker(images, **settings))
    assert written(model, processor, twins, batch_size=4, max_new_tokens=12) == once
    assert len({text for texts in once for text in texts}) > 2
