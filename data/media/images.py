"""Opening images that somebody else has made: missing, corrupt, turned, far too large, or little more than a line.

The size is read from the header before anything is decoded, so that a picture made to eat the memory never does.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import DataError
from data.media.depth import DEEP, eight_bits

if TYPE_CHECKING:
    from PIL import Image

MAX_SIDE = 12_000
"""Longest side of an image, in pixels: a long screenshot of a page still passes."""
MAX_PIXELS = 50_000_000
"""Most pixels in an image: 150 MB once decoded."""
MAX_RATIO = 100
"""How many times as long as wide an image may be: scaled to 1,000 pixels, 10 are left of the other side. Beyond it
models see a line, and some refuse it."""
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


def open_image(path: str | Path, case_id: str | None = None, max_side: int = MAX_SIDE) -> "Image.Image":
    """The picture as it is meant to be seen: upright (EXIF), RGB, transparent parts white, deep colours scaled to 8
    bits; of an animation, the first frame.

    Args:
        case_id: the case it belongs to, for the message.
        max_side: longest side allowed, in pixels.

    Raises:
        DataError: it is missing, no image, cut off, too large or too thin; names the case and the path.
    """
    return _open(path, case_id, max_side, thumbnail=None)


def open_thumbnail(path: str | Path, side: int, case_id: str | None = None) -> tuple["Image.Image", tuple[int, int]]:
    """A small version, ``side`` × ``side`` RGB, and the size (width, height) of the upright whole. Reads the whole
    file, so that it fails wherever `open_image` does, but decodes a JPEG no finer than it must.

    Raises:
        DataError: as `open_image`.
    """
    image = _open(path, case_id, MAX_SIDE, thumbnail=side)
    size: tuple[int, int] = image.info["whole_size"]
    return image.resize((side, side)), size


def image_size(path: str | Path, case_id: str | None = None, max_side: int = MAX_SIDE) -> tuple[int, int]:
    """Width and height of the upright picture, in pixels. Reads no more than the header.

    Raises:
        DataError: it is missing, no image, too large or too thin; names the case and the path.
    """
    with _opened(path, case_id, max_side) as image:
        return _upright_size(image)


def _open(path: str | Path, case_id: str | None, max_side: int, thumbnail: int | None) -> "Image.Image":
    from PIL import ImageOps

    with _opened(path, case_id, max_side) as image:
        size, tags = _upright_size(image), getattr(image, "tag_v2", {})
        if thumbnail is not None:
            image.draft("RGB", (thumbnail, thumbnail))
        picture = as_rgb(ImageOps.exif_transpose(image), tags)
        picture.info["whole_size"] = size
        return picture


@contextmanager
def _opened(path: str | Path, case_id: str | None, max_side: int) -> Iterator["Image.Image"]:
    """The open file, its size checked; whatever goes wrong with it inside is an error that names it."""
    from PIL import Image

    path = Path(path)
    of_case = f" (case '{case_id}')" if case_id is not None else ""
    if not os.path.isfile(path):  # False, too, where the name itself is impossible
        raise DataError(f"no such image{of_case}", file=path)
    try:
        with Image.open(path, formats=FORMATS) as image:
            width, height = image.size
            if max(width, height) > max_side or width * height > MAX_PIXELS:
                raise DataError(
                    f"image of {width} x {height} pixels{of_case}: more than {max_side} on a side or "
                    f"{MAX_PIXELS // 1_000_000} megapixels; scale it down",
                    file=path,
                )
            if max(width, height) > MAX_RATIO * min(width, height):
                message = f"image of {width} x {height} pixels{of_case}: more than {MAX_RATIO} times as long as wide"
                raise DataError(f"{message}; crop it, or leave it out", file=path)
            yield image
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise DataError(f"image is far too large{of_case}; scale it down: {error}", file=path) from error
    except Image.UnidentifiedImageError as error:
        raise DataError(f"not an image of a known kind ({', '.join(FORMATS)}){of_case}", file=path) from error
    except Exception as error:  # decoders raise nearly anything on hostile bytes, and none of it is our bug
        raise DataError(f"image cannot be decoded{of_case}: {error}", file=path) from error


def _upright_size(image: "Image.Image") -> tuple[int, int]:
    width, height = image.size
    # Where the camera lay on its side, width and height change places. Of a TIFF, Pillow gives the upright size.
    turned = image.format != "TIFF" and image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    return (height, width) if turned else (width, height)


def as_rgb(image: "Image.Image", tags: Any) -> "Image.Image":
    """A loaded picture in 8 bits of RGB, transparent parts white.

    Args:
        tags: those of a TIFF, from tag to value; empty for other files.
    """
    from PIL import Image

    if image.mode in DEEP:
        return eight_bits(image, tags).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    canvas = Image.new("RGB", layer.size, "white")
    canvas.paste(layer, mask=layer.getchannel("A"))
    return canvas
