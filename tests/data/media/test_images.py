import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from data import DataError, open_image
from data.media.images import image_size, open_thumbnail

Write = Callable[..., Path]


def test_missing_image(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.png: no such image \(case 'b-17'\)"):
        open_image(tmp_path / "gone.png", "b-17")


@pytest.mark.parametrize("name", ["a\0b.png", "x" * 5000, "."])
def test_an_impossible_name_is_a_missing_image(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="no such image"):
        open_image(tmp_path / name)


@pytest.mark.parametrize(
    "content", [b"", b"<html></html>", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\x89PNG\r\n\x1a\n" + b"\0" * 40]
)
def test_corrupt_image(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"bad\.png: .*\(case 'b-17'\)"):
        open_image(path, "b-17")


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif"])
def test_truncated_image(write_image: Write, suffix: str) -> None:
    path = write_image(f"cut.{suffix}", (300, 200))
    Image.effect_noise((300, 200), 80).convert("RGB").save(path)
    path.write_bytes(path.read_bytes()[:-1500])
    for opening in (lambda: open_image(path, "b-17"), lambda: open_thumbnail(path, 16, "b-17")):
        with pytest.raises(DataError, match=r"case 'b-17'"):
            opening()


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises a size and has next to nothing inside."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(20_000, 20_000), (20_000, 1), (9_000, 9_000)])
def test_a_20000_pixel_image_is_refused_by_its_header(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(png_header(*size))
    with pytest.raises(DataError, match="b-17") as caught:
        open_image(path, "b-17")
    assert "scale it down" in str(caught.value), "refused for its size, before anything is decoded"


@pytest.mark.parametrize("size", [(10, 4000), (4000, 10), (1, 101)])
def test_an_image_that_is_all_but_a_line_is_refused(write_image: Write, size: tuple[int, int]) -> None:
    path = write_image("line.png", size)
    for opening in (open_image, image_size, lambda path, case: open_thumbnail(path, 16, case)):
        with pytest.raises(DataError, match=r"\(case 'b-17'\): more than 100 times as long as wide; crop it"):
            opening(path, "b-17")


def test_a_long_page_passes(write_image: Write) -> None:
    assert open_image(write_image("page.png", (40, 4000))).size == (40, 4000)


def test_a_smaller_limit_can_be_set(write_image: Write) -> None:
    with pytest.raises(DataError, match=r"image of 40 x 30 pixels: more than 32 on a side"):
        open_image(write_image("a.png"), max_side=32)


def test_a_turned_photo_comes_upright(tmp_path: Path) -> None:
    picture = Image.new("RGB", (40, 20), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.jpg", exif=exif)
    assert open_image(tmp_path / "turned.jpg").size == (20, 40)
    assert open_thumbnail(tmp_path / "turned.jpg", 16)[1] == (20, 40)


def test_transparent_is_white(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    image = open_image(tmp_path / "clear.png")
    assert image.mode == "RGB" and image.getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff"])
def test_the_size_in_the_header_is_that_of_the_upright_picture(tmp_path: Path, suffix: str) -> None:
    exif, path = Image.Exif(), tmp_path / f"turned.{suffix}"
    exif[0x0112] = 6
    Image.new("RGB", (40, 20), "red").save(path, exif=exif)
    assert image_size(path) == open_image(path).size == open_thumbnail(path, 16)[1] == (20, 40)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.tiff" if mode in ("CMYK", "I;16") else "a.png")
    Image.new(mode, (4, 4)).save(path)
    assert open_image(path).mode == "RGB"


def test_a_thumbnail_knows_the_whole_size(write_image: Write) -> None:
    thumbnail, size = open_thumbnail(write_image("a.jpg", (2000, 1000)), 16)
    assert thumbnail.size == (16, 16) and thumbnail.mode == "RGB" and size == (2000, 1000)
