"""Pictures at the desk: drawn large, and shown a fourth as wide, with the small print a smudge."""

from PIL import Image, ImageDraw

from data.billboard.desk.ad import PRINT, DeskAd
from data.billboard.draw import OBJECTS, write
from data.billboard.layouts import PALETTES, SIZE

SMALLER = 4
"""How many times as wide the large picture is."""
FEE = 18
"""Size of the print, in pixels of the large picture."""


def large_picture(ad: DeskAd) -> Image.Image:
    """What is zoomed into: ``SIZE`` × ``SIZE``."""
    background, accent = PALETTES[ad.palette]
    image = Image.new("RGB", (SIZE, SIZE), background)
    pen = ImageDraw.Draw(image)
    band = SIZE * 0.14
    pen.rectangle((0, 0, SIZE, band), fill=accent)
    write(pen, ad.title, (SIZE / 2, band / 2), SIZE * 0.9, fill=(255, 255, 255))
    OBJECTS[ad.shown](pen, (SIZE * 0.3, SIZE * 0.25, SIZE * 0.7, SIZE * 0.65))
    if ad.fee is not None:
        x0, y0, x1, y1 = (value * SIZE for value in PRINT[ad.corner])
        pen.rectangle((x0, y0, x1 - 1, y1 - 1), fill=(ad.paper,) * 3, outline=(120, 120, 120))
        middle = ((x0 + x1) / 2 + ad.shift[0], (y0 + y1) / 2 + ad.shift[1])
        write(pen, f"{ad.fee} %", middle, x1 - x0 - 6, fill=(20, 20, 20), size=FEE)
    return image


def shown_picture(ad: DeskAd, large: Image.Image) -> Image.Image:
    """What a model is shown. The print is one grey, of a paper that may be any: a model that learned the pixels of
    every number by heart would find none.
    """
    image = large.resize((large.width // SMALLER, large.height // SMALLER), Image.Resampling.BOX)
    x0, y0, x1, y1 = (round(value * image.width) for value in PRINT[ad.corner])
    smudge = image.crop((x0, y0, x1, y1)).resize((1, 1), Image.Resampling.BOX)
    image.paste(smudge.resize((x1 - x0, y1 - y0)), (x0, y0))
    return image
