"""Deep pictures come out as what they show. Their pixels are pinned; Pillow alone would clip nearly all to white."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from data import DataError, open_image
from data.media.images import open_thumbnail

GREY = list(range(0, 256, 5))
"""What every gradient below is to become, from black to white."""


def opened(path: Path) -> list[int]:
    """The first row's grey values."""
    image = open_image(path)
    assert image.mode == "RGB" and image.size == (len(GREY), 2)
    pixels = np.asarray(image)
    assert (pixels == pixels[0, :, :1]).all(), "grey, and every row alike"
    return [int(value) for value in pixels[0, :, 0]]


def write(path: Path, values: Any, kind: Any, **saved: Any) -> Path:
    row = np.asarray(values) if kind is np.float32 else np.rint(values)
    Image.fromarray(np.stack([row, row]).astype(kind)).save(path, **saved)
    return path


def tiff(path: Path, values: Any, kind: str, bits: int, sample_format: int, black_is_zero: bool = True) -> Path:
    row = np.asarray(values).astype(kind).tobytes()
    return tiff_of(path, row * 2, bits, sample_format, black_is_zero)


def tiff_of(path: Path, content: bytes, bits: int, sample_format: int = 1, black_is_zero: bool = True) -> Path:
    """A TIFF written by hand: Pillow writes neither 12 nor unsigned 32 bits, nor white as zero."""
    tags = [
        (256, len(GREY)), (257, 2), (258, bits), (259, 1), (262, int(black_is_zero)), (273, 8), (277, 1), (278, 2),
        (279, len(content)), (339, sample_format),
    ]  # fmt: skip
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    path.write_bytes(b"II*\0" + struct.pack("<I", 8 + len(content)) + content + directory + bytes(4))
    return path


SCALE = np.asarray(GREY) / 255


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_16_bits(tmp_path: Path, suffix: str) -> None:
    assert opened(write(tmp_path / f"a.{suffix}", SCALE * 65535, np.uint16)) == GREY


def test_16_bits_of_the_other_byte_order(tmp_path: Path) -> None:
    row = np.rint(SCALE * 65535).astype(">u2")[None].repeat(2, 0)
    Image.frombytes("I;16B", (len(GREY), 2), row.tobytes()).save(tmp_path / "a.tiff")
    assert opened(tmp_path / "a.tiff") == GREY


def test_16_bits_keep_a_dark_picture_dark(tmp_path: Path) -> None:
    assert opened(write(tmp_path / "a.png", SCALE * 65535 / 5, np.uint16)) == list(range(len(GREY)))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (SCALE * 255, np.int32),
        (SCALE * 2_000_000_000, np.int32),
        (SCALE * 65535 - 30_000, np.int32),
        (SCALE, np.float32),
        (SCALE * 255, np.float32),
        (SCALE * 1e30, np.float32),
        (SCALE * 2 - 1, np.float32),
    ],
)
def test_32_bits_and_floats(tmp_path: Path, values: Any, kind: Any) -> None:
    assert opened(write(tmp_path / "a.tiff", values, kind)) == GREY


def test_floats_between_0_and_1_are_not_stretched(tmp_path: Path) -> None:
    assert opened(write(tmp_path / "a.tiff", SCALE / 5, np.float32)) == list(range(len(GREY)))


def test_unsigned_32_bits(tmp_path: Path) -> None:
    assert opened(tiff(tmp_path / "a.tiff", SCALE * (2**32 - 1), "<u4", 32, 1)) == GREY


def test_12_bits(tmp_path: Path) -> None:
    packed = "".join(f"{round(value * 4095):012b}" for value in SCALE)
    row = int(packed, 2).to_bytes(len(packed) // 8, "big")
    assert opened(tiff_of(tmp_path / "a.tiff", row * 2, 12)) == GREY


@pytest.mark.parametrize(("kind", "bits", "largest"), [("<u2", 16, 65535), ("<f4", 32, 1.0)])
def test_white_may_be_zero(tmp_path: Path, kind: str, bits: int, largest: float) -> None:
    path = tiff(tmp_path / "a.tiff", (1 - SCALE) * largest, kind, bits, 3 if kind == "<f4" else 1, False)
    assert opened(path) == GREY


@pytest.mark.parametrize(("value", "grey"), [(0, 0), (70_000, 255), (-5, 0)])
def test_one_value_everywhere(tmp_path: Path, value: int, grey: int) -> None:
    assert opened(write(tmp_path / "a.tiff", [value] * len(GREY), np.int32)) == [grey] * len(GREY)


def test_the_transparent_grey_becomes_white(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png", SCALE * 65535, np.uint16, transparency=0)
    assert opened(path) == [255, *GREY[1:]]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_pixels_that_are_no_numbers(tmp_path: Path, value: float) -> None:
    path = write(tmp_path / "a.tiff", [value, *SCALE[1:]], np.float32)
    with pytest.raises(DataError, match=r"\(case 'b-17'\): it has pixels that are no finite numbers"):
        open_image(path, "b-17")


def test_a_turned_one_comes_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = write(tmp_path / "a.png", SCALE * 65535, np.uint16, exif=exif)
    image = open_image(path)
    assert image.size == (2, len(GREY)) and np.asarray(image)[:, 0, 0].tolist() == GREY


def test_a_thumbnail_is_scaled_alike(tmp_path: Path) -> None:
    small, size = open_thumbnail(write(tmp_path / "a.png", SCALE * 65535, np.uint16), 4)
    shades = np.asarray(small)[0, :, 0].tolist()
    assert size == (len(GREY), 2) and shades == sorted(shades) and 25 < shades[0] < 40 and 215 < shades[-1] < 230


@pytest.mark.parametrize(
    ("mode", "colour", "seen"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 77, (77, 77, 77)),
        ("LA", (77, 255), (77, 77, 77)),
        ("LA", (0, 0), (255, 255, 255)),
        ("RGBA", (200, 0, 0, 51), (244, 204, 204)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
    ],
)
def test_other_modes_keep_their_colours(tmp_path: Path, mode: str, colour: Any, seen: tuple[int, ...]) -> None:
    path = tmp_path / ("a.tiff" if mode == "CMYK" else "a.png")
    Image.new(mode, (4, 4), colour).save(path)
    assert open_image(path).getpixel((1, 1)) == seen


def test_a_palette_with_a_transparent_colour(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "a.png", transparency=0)
    found = open_image(tmp_path / "a.png")
    assert [found.getpixel((x, 0)) for x in range(2)] == [(255, 255, 255), (0, 0, 255)]
