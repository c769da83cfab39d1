"""Pixels: how many of a picture a model looks at, and so how many tokens it becomes.

The settings are the processor's own, and are saved with the model that is trained.
"""

from typing import Any

from data import DataError
from prompts.processor import Processor
from rl.config.model import ModelConfig

EDGES = ("shortest_edge", "longest_edge")
"""What processors with a budget of pixels call its ends."""


def set_pixels(processor: Processor, config: ModelConfig) -> None:
    """Has a processor scale pictures to so many pixels as the configuration says, at their aspect ratio.

    Raises:
        DataError: its pictures have a size of their own, the model reads none, or the least is above the most.
    """
    wanted = {"min_pixels": config.min_pixels, "max_pixels": config.max_pixels}
    if all(pixels is None for pixels in wanted.values()):
        return
    field = next(f"model.{name}" for name, pixels in wanted.items() if pixels is not None)
    pictures: Any = getattr(processor, "image_processor", None)
    if pictures is None:
        raise DataError("the model reads no pictures", field=field)
    size = {name: value for name, value in dict(pictures.size).items() if value is not None}
    if size.keys() != set(EDGES) or not hasattr(pictures, "merge_size"):
        message = f"{type(pictures).__name__} scales pictures to a size of its own ({size}): leave it out"
        raise DataError(message, field=field)
    least, most = (size[edge] if given is None else given for edge, given in zip(EDGES, wanted.values(), strict=True))
    if least > most:
        raise DataError(f"at least {least:,} pixels and at most {most:,}: want the first to be less", field=field)
    pictures.size = type(pictures.size)(**dict(zip(EDGES, (least, most), strict=True)))
