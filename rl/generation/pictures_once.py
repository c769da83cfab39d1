"""PicturesOnce: a processor that makes pixels of each distinct picture once, told by its content and not by its file.

Twins of an ad, windows of a stream and a case that is asked again show the same pictures. What was made last is kept.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from PIL import Image
from transformers import BatchFeature

from prompts.processor import Processor

KEPT = 1 << 28
"""Bytes of pixels that are kept for when a picture is shown again."""
PIXELS, GRID = "pixel_values", "image_grid_thw"
Features = Mapping[str, Any]
"""What an image processor makes of pictures, by name."""


class PicturesOnce:
    """Stands in for the image processor of a processor.

    Pixels are told apart by picture where a grid says which are whose (Qwen's families); where pictures are cut into
    tiles or padded to each other, what is kept is that of all pictures of a call together.

    Args:
        processor: one without pictures is left as it is.
    """

    def __init__(self, processor: Processor):
        self._processor: Any = processor
        self._kept: OrderedDict[bytes, Features] = OrderedDict()
        self._has_grid = True
        """Until it has turned out otherwise."""

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Meanwhile, the processor sees pictures through this."""
        maker = getattr(self._processor, "image_processor", None)
        if maker is None:
            yield
            return
        self._processor.image_processor = _Remembering(maker, self)
        try:
            yield
        finally:
            self._processor.image_processor = maker

    def made(self, maker: Any, images: Any, settings: Mapping[str, Any]) -> BatchFeature:
        """What the image processor makes of pictures.

        Args:
            images: pictures, perhaps in lists by conversation.
        """
        pictures = list(_flat(images))
        if not pictures or not all(isinstance(picture, Image.Image) for picture in pictures):
            return maker(images, **settings)
        keys = [_key(picture, settings) for picture in pictures]
        if self._has_grid and (each := self._by_picture(maker, dict(zip(keys, pictures, strict=True)), settings)):
            found: Features = {name: torch.cat([each[key][name] for key in keys]) for name in (PIXELS, GRID)}
        else:
            found = self._together(maker, images, keys, settings)
        self._forget()
        return BatchFeature(data=dict(found))

    def _by_picture(
        self, maker: Any, pictures: Mapping[bytes, Image.Image], settings: Mapping[str, Any]
    ) -> dict[bytes, Features] | None:
        """None where pixels are not told apart by a grid."""
        new = [key for key in pictures if key not in self._kept]
        if new:
            made = maker([pictures[key] for key in new], **settings)
            self._has_grid = made.keys() == {PIXELS, GRID} and all(torch.is_tensor(part) for part in made.values())
            if not self._has_grid:
                return None
            sizes = made[GRID].prod(dim=1).tolist()
            # Cloned, or one picture of a batch would keep the pixels of all.
            for key, pixels, grid in zip(new, made[PIXELS].split(sizes), made[GRID].split(1), strict=True):
                self._kept[key] = {PIXELS: pixels.clone(), GRID: grid}
        for key in pictures:
            self._kept.move_to_end(key)
        return {key: self._kept[key] for key in pictures}

    def _together(self, maker: Any, images: Any, keys: Sequence[bytes], settings: Mapping[str, Any]) -> Features:
        by_conversation = [len(part) if isinstance(part, list | tuple) else -1 for part in images]
        key = hashlib.sha256(b"".join(keys) + repr(by_conversation).encode()).digest()
        if key not in self._kept:
            self._kept[key] = dict(maker(images, **settings))
        self._kept.move_to_end(key)
        return self._kept[key]

    def _forget(self) -> None:
        size = sum(_bytes(features) for features in self._kept.values())
        while size > KEPT:
            _, oldest = self._kept.popitem(last=False)
            size -= _bytes(oldest)


class _Remembering:
    """The image processor, but for what it is called for."""

    def __init__(self, maker: Any, pictures: PicturesOnce):
        self._maker, self._pictures = maker, pictures

    def __call__(self, images: Any, **settings: Any) -> BatchFeature:
        return self._pictures.made(self._maker, images, settings)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._maker, name)


def _flat(images: Any) -> Iterator[Any]:
    if isinstance(images, list | tuple):
        for part in images:
            yield from _flat(part)
    elif images is not None:
        yield images


def _key(picture: Image.Image, settings: Mapping[str, Any]) -> bytes:
    how = repr((picture.mode, picture.size, sorted(settings.items(), key=lambda setting: setting[0])))
    # Who is reviewed chooses the pictures, so no hash will do for which another of the same value can be made.
    return hashlib.sha256(how.encode() + b"\0" + picture.tobytes()).digest()


def _bytes(features: Features) -> int:
    return sum(part.nbytes for part in features.values() if torch.is_tensor(part))
