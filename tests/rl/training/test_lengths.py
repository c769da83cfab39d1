"""Lengths are those of what the model's processor makes; a case that does not fit is named, with its tokens."""

from pathlib import Path

import pytest
from PIL import Image

from data import Briefs, Case, DataError, Frame, Rulebook, load_cases
from prompts.chat import encode
from prompts.parts import Picture
from rl.models.load import load_processor
from rl.training.lengths import Length, check_fit, count, estimate
from rl.training.rows import lessons_of, prompts_of

NO_RULES = Rulebook(name="none", rules=())
SIZES = [(56, 56), (300, 80), (33, 517), (1080, 2400)]


@pytest.fixture
def mixed(toy: Path, tmp_path: Path, book: Rulebook) -> Briefs:
    """Cases with pictures of many shapes as images and frames, one without any."""
    for n, size in enumerate(SIZES):
        Image.new("RGB", size).save(tmp_path / f"{n}.png")
    cases = [case.with_root(tmp_path) for case in load_cases(toy / "cases.jsonl")[: len(SIZES) + 1]]
    for n, case in enumerate(cases[:-1]):
        case.images = [f"{n}.png"]
        case.frames = [Frame(path=f"{i}.png", time=i) for i in range(n)]
    cases[-1].images = []
    return Briefs.bind(cases, book)


@pytest.mark.parametrize("size", SIZES)
def test_a_picture_has_the_tokens_that_are_made_of_it(size: tuple[int, int], tiny_vl: Path, tmp_path: Path) -> None:
    processor = load_processor(tiny_vl)
    Image.new("RGB", size).save(tmp_path / "a.png")
    picture = Picture(str(tmp_path / "a.png"))
    grid = processor.image_processor([picture.read(picture.path)], return_tensors="pt")["image_grid_thw"]
    assert picture.tokens(processor) == picture.estimate(tiny_vl) == int(grid.prod()) // 4


def test_prompts_are_as_long_as_they_are_encoded(mixed: Briefs, tiny_vl: Path) -> None:
    processor = load_processor(tiny_vl)
    prompts = prompts_of(mixed, "compact")
    for prompt, length in zip(prompts, count(prompts, processor), strict=True):
        ids = encode(processor, [prompt])["input_ids"][0]
        pictures = int((ids == processor.image_token_id).sum())
        assert length == Length(len(ids) - pictures, {"pictures": pictures}, exact=True)
        assert length.total == len(ids)


def test_lessons_have_no_header_for_a_reply(mixed: Briefs, tiny_vl: Path) -> None:
    processor = load_processor(tiny_vl)
    lessons = lessons_of(mixed, "compact")
    for lesson, length in zip(lessons, count(lessons, processor), strict=True):
        assert length.total == len(encode(processor, [lesson], reply=False)["input_ids"][0])


def test_an_estimate_counts_pictures_and_letters(mixed: Briefs, tiny_vl: Path) -> None:
    lessons = lessons_of(mixed, "compact")
    counted = count(lessons, load_processor(tiny_vl))
    for lesson, exact, length in zip(lessons, counted, estimate(lessons, tiny_vl), strict=True):
        letters = sum(len(part.text) for message in lesson for part in message.texts)
        assert length == Length(letters // 4, exact.media, exact=False)


def test_a_case_that_does_not_fit_is_named_with_its_tokens() -> None:
    briefs, fits = Briefs.bind([Case(id="a"), Case(id="b")], NO_RULES), Length(90, {"pictures": 10}, exact=True)
    check_fit(briefs, [fits, fits], 100)
    check_fit(briefs, [fits, fits], 120, reserved=20)
    with pytest.raises(DataError, match=r"'b' needs 101 tokens, 11 of them for its pictures, and .* context is 100:"):
        check_fit(briefs, [fits, Length(90, {"pictures": 11}, exact=True)], 100)
    with pytest.raises(DataError, match=r"'a' needs 95 tokens, and 6 more for the completion, and .* context is 100:"):
        check_fit(briefs, [Length(95, {"pictures": 0}, exact=True), fits], 100, reserved=6)


def test_of_an_estimate_only_pictures_can_be_too_many() -> None:
    briefs, estimated = Briefs.bind([Case(id="a")], NO_RULES), Length(900, {"pictures": 90}, exact=False)
    check_fit(briefs, [estimated], 100, reserved=10)
    with pytest.raises(DataError, match="'a' has 90 tokens of pictures, and the model's context is 100"):
        check_fit(briefs, [estimated], 100, reserved=11)
