"""Pictures of 16 and 32 bits and of floats, brought to 8 bits: scaled, where Pillow's own conversion would clip them.

Of 16 bits (or 12) the file says what white is. Of 32 bits and of floats it does not: white is 255, or 1.0 for floats,
where every pixel lies between that and 0; else the picture's own largest value, and black its smallest or 0.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

DEEP = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
"""Pillow's modes of one channel that is deeper than 8 bits."""

_WHITE = {"I": 255.0, "F": 1.0}
_BITS, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339
"""Tags of TIFF."""
_WHITE_IS_ZERO, _UNSIGNED = 0, 1


def eight_bits(image: "Image.Image", tags: Any) -> "Image.Image":
    """The picture in mode ``L``; one colour may be transparent, and becomes white.

    Args:
        image: of a mode in `DEEP`, loaded.
        tags: those of a TIFF, from tag to value; empty for other files.

    Raises:
        ValueError: a pixel is no finite number.
    """
    import numpy as np
    from PIL import Image

    pixels: Any = np.asarray(image)
    if (
        image.mode == "I"
        and tags.get(_BITS, (16,))[0] == 32
        and tags.get(_SAMPLE_FORMAT, (_UNSIGNED,))[0] == _UNSIGNED
    ):
        pixels = pixels.view(np.uint32)  # Pillow takes all of 32 bits for signed
    values = pixels.astype(np.float32)
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise ValueError("it has pixels that are no finite numbers")
    white = _WHITE.get(image.mode, 2.0 ** tags.get(_BITS, (16,))[0] - 1)
    black, white = (0.0, white) if low >= 0 and high <= white else (min(low, 0.0), max(high, 0.0))
    values = (values - black) * np.float32(255 / (white - black))
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        values = 255 - values
    grey = np.rint(values).astype(np.uint8)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey[pixels == transparent] = 255
    return Image.fromarray(grey)
