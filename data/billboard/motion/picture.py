"""Picture: a frame of a clip, in flat shapes, so small that a tiny model learns to see it in minutes."""

from PIL import Image, ImageDraw

from data.billboard.draw import INK, OBJECTS, write
from data.billboard.layouts import PALETTES
from data.billboard.motion.clip import Clip

SIDE = 84
"""Of the square frame, in pixels: nine tokens of a model with patches of 14 pixels."""
OBJECT = 0.62
"""Side of the box that an object is drawn in, as a share of the frame."""
DRIFT = 0.1
"""How far an object drifts in a scene, as a share of the frame."""
TAG = 0.2
"""Height of the price tag, as a share of the frame."""


def picture(clip: Clip, time: float) -> Image.Image:
    """What a clip shows at a time, in seconds from its beginning."""
    place = min(int(time / clip.seconds), len(clip.scenes) - 1)
    background, accent = PALETTES[clip.look.palette]
    image = Image.new("RGB", (SIDE, SIDE), background)
    pen = ImageDraw.Draw(image)
    x = clip.look.x + DRIFT * (time / clip.seconds - place)
    left, top, side = x * SIDE, clip.look.y * SIDE, OBJECT * SIDE
    OBJECTS[clip.scenes[place].shown](pen, (left, top, left + side, top + side))
    if clip.price is not None:
        pen.rectangle((0, (1 - TAG) * SIDE, SIDE, SIDE), fill=accent if clip.look.palette % 2 else INK)
        write(pen, f"{clip.price} dollars", (SIDE / 2, (1 - TAG / 2) * SIDE), SIDE - 4, fill=(255, 255, 255), size=14)
    return image
