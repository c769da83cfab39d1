"""zoom: a part of a picture, larger."""

from data.evidence import Region
from rl.desk.material import Material
from rl.desk.shown import Shown, ToolError

LEAST = 4
"""Pixels that a side of the part has at least, in the picture's largest version: less is nothing to look at."""


def zoom(material: Material, image: int, box: list[float]) -> Shown:
    """Look at a part of a picture, larger.

    Args:
        image: the picture's number, from 0.
        box: [left, top, right, bottom], from 0 to 1 of width and height.
    """
    if len(box) != 4:
        raise ToolError(f"box: want four numbers (left, top, right, bottom), not {len(box)}")
    x0, y0, x1, y1 = (min(1.0, max(0.0, value)) for value in box)
    if x0 >= x1 or y0 >= y1:
        raise ToolError("box: it has no area; want left < right and top < bottom, from 0 to 1")
    whole = material.picture(image)
    edges = (round(x0 * whole.width), round(y0 * whole.height), round(x1 * whole.width), round(y1 * whole.height))
    if edges[2] - edges[0] < LEAST or edges[3] - edges[1] < LEAST:
        raise ToolError("box: so small a part has hardly a pixel; take a larger one")
    return Shown((material.scaled(whole.crop(edges)),), regions=(Region(image=image, region=(x0, y0, x1, y1)),))
