"""Input that is wrong stops training, evaluation and review with an error that names the case, never with a crash."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from data import Brief, Case, DataError, Gold, Rulebook, load_cases
from rl.config.decoding import Decoding
from rl.config.model import ModelConfig
from rl.generation.local import write_batches
from rl.models.load import load_model, load_processor
from rl.training.rows import rows_for_rl, rows_for_sft

CONTEXT = 512
APPROVED = Gold(verdict="approve", violations=[])
Use = Callable[[Case], Any]


@pytest.fixture(scope="module")
def uses(tiny_vl: Path, book: Rulebook) -> dict[str, Use]:
    """Everything that is done with a case, on a tiny vision-language model."""
    processor, model = load_processor(tiny_vl), load_model(ModelConfig(path=str(tiny_vl)))
    decoding = Decoding(template="compact", max_new_tokens=4)
    return {
        "sft": lambda case: rows_for_sft([Brief.of(case, book)], processor, CONTEXT, "compact"),
        "grpo": lambda case: rows_for_rl([Brief.of(case, book)], processor, CONTEXT, 64, "compact"),
        "write": lambda case: list(write_batches(model, processor, [Brief.of(case, book)], decoding)),
    }


def missing(path: Path) -> None:
    pass


def corrupt(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))


def no_image(path: Path) -> None:
    path.write_text("a page that says 404")


def twenty_thousand_pixels(path: Path) -> None:
    Image.new("1", (20_000, 4)).save(path)


def bomb(path: Path) -> None:
    Image.new("1", (20_000, 20_000)).save(path)


@pytest.mark.parametrize("use", ["sft", "grpo", "write"])
@pytest.mark.parametrize("spoil", [missing, corrupt, no_image, twenty_thousand_pixels, bomb])
def test_a_picture_that_cannot_be_used(
    uses: dict[str, Use], use: str, spoil: Callable[[Path], None], tmp_path: Path
) -> None:
    spoil(tmp_path / "x.png")
    case = Case(id="b-17", text={"body": "Tea."}, images=["x.png"], gold=APPROVED).with_root(tmp_path)
    with pytest.raises(DataError, match=r"x\.png") as raised:
        uses[use](case)
    assert "b-17" in str(raised.value)


@pytest.mark.parametrize("use", ["sft", "grpo", "write"])
def test_a_picture_that_is_cut_off_is_found_when_it_is_read(uses: dict[str, Use], use: str, tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    Image.effect_noise((100, 100), 90).convert("RGB").save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(DataError, match=r"x\.png: image cannot be decoded"):
        uses[use](Case(id="b-17", text={"body": "Tea."}, images=["x.png"], gold=APPROVED).with_root(tmp_path))[0]


@pytest.mark.parametrize("use", ["sft", "grpo", "write"])
def test_text_longer_than_the_context_is_an_error_that_counts_tokens(uses: dict[str, Use], use: str) -> None:
    case = Case(id="b-17", text={"body": "fresh bread daily " * 6000}, gold=APPROVED)  # 100 KB
    with pytest.raises(DataError, match=r"b-17.* \d{4,} tokens.* 512"):
        uses[use](case)


@pytest.mark.parametrize("use", ["sft", "grpo", "write"])
def test_pictures_longer_than_the_context_are_an_error_and_never_cut(
    uses: dict[str, Use], use: str, tmp_path: Path
) -> None:
    Image.new("RGB", (112, 112)).save(tmp_path / "x.png")
    case = Case(id="b-17", text={"body": "Tea."}, images=["x.png"] * 40, gold=APPROVED).with_root(tmp_path)
    with pytest.raises(DataError, match=r"b-17.* \d{3,} tokens.* 512"):
        uses[use](case)


@pytest.mark.parametrize("use", ["sft", "grpo", "write"])
def test_a_case_without_any_text_is_no_problem(uses: dict[str, Use], use: str) -> None:
    assert len(uses[use](Case(id="b-17", gold=APPROVED))) == 1


@pytest.mark.parametrize("use", ["sft", "grpo", "write"])
def test_an_unknown_rule(uses: dict[str, Use], use: str) -> None:
    with pytest.raises(DataError, match="rule 'SALE-9' is not in rulebook 'toy'"):
        uses[use](Case(id="b-17", text={"body": "Tea."}, rules=["SALE-9"], gold=APPROVED))


def test_a_case_file_that_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"id": "a"}\n{"id": "b", "text": {"bo')
    with pytest.raises(DataError, match=r"cases\.jsonl:2: not JSON.*cut off"):
        load_cases(path)
