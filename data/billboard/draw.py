"""Draw: an ad's picture, in flat shapes and a bundled font, so that the same ad gives the same bytes anywhere."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from data.billboard.ads import Ad
from data.billboard.layouts import PALETTES, SIZE, Layout

FONT = Path(__file__).parent / "fonts" / "DejaVuSans-Bold.ttf"
INK = (35, 35, 40)
Pen = ImageDraw.ImageDraw
Box = tuple[float, float, float, float]


def picture_of(ad: Ad) -> Image.Image:
    """The picture of an ad."""
    return draw(ad.title, ad.layout, ad.shown, badge=ad.badge, covered=ad.covered, burst=ad.burst)


def draw(
    headline: str, layout: Layout, shown: str, *, badge: str | None = None, covered: bool = False, burst: str = ""
) -> Image.Image:
    """A picture. All its texts stand wholly inside.

    Args:
        headline: text of the band at the top or bottom.
        layout: where things stand.
        shown: name of the object.
        badge: a badge in a corner: ``18+`` or ``seal``.
        covered: whether a board hides the object.
        burst: a short text, such as a price cut, in the corner across from the badge.
    """
    background, accent = PALETTES[layout.palette]
    image = Image.new("RGB", (SIZE, SIZE), background)
    pen = ImageDraw.Draw(image)
    band = SIZE * 0.14
    top = 0.0 if layout.headline_on_top else SIZE - band
    pen.rectangle((0, top, SIZE, top + band), fill=accent)
    write(pen, headline, (SIZE / 2, top + band / 2), SIZE * 0.9, fill=(255, 255, 255))
    x0, y0, x1, y1 = (value * SIZE for value in layout.box)
    box = (x0, y0, x1 - 1, y1 - 1)
    if covered:
        pen.rectangle(box, fill=(90, 90, 90))
        write(pen, "?", ((x0 + x1) / 2, (y0 + y1) / 2), SIZE * 0.2, fill=(200, 200, 200), size=60)
    else:
        OBJECTS[shown](pen, box)
    row = SIZE * (0.845 if layout.headline_on_top else 0.025)
    left, right = SIZE * 0.03, SIZE * 0.845
    corner, other = (left, right) if layout.badge_left else (right, left)
    if badge:
        BADGES[badge](pen, (corner, row, corner + SIZE * 0.125, row + SIZE * 0.125))
    if burst:
        middle = (other + SIZE * 0.0625, row + SIZE * 0.0625)
        write(pen, burst, middle, SIZE * 0.3, fill=(200, 30, 30), size=22)
    return image


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), size, layout_engine=ImageFont.Layout.BASIC)


def write(
    pen: Pen, text: str, middle: tuple[float, float], width: float, *, fill: tuple[int, int, int], size: int = 20
) -> None:
    while size > 8 and pen.textlength(text, font=_font(size)) > width:
        size -= 1
    length = pen.textlength(text, font=_font(size))
    assert length <= width, f"'{text}' is too long to be drawn legibly"
    room = length / 2 + 2
    x = min(max(middle[0], room), SIZE - room)  # pushed in from the edge that it would be cut off by
    pen.text((x, middle[1]), text, font=_font(size), fill=fill, anchor="mm")


def _scale(box: Box, *points: tuple[float, float]) -> list[tuple[float, float]]:
    x0, y0, x1, y1 = box
    return [(x0 + x * (x1 - x0), y0 + y * (y1 - y0)) for x, y in points]


def _gun(pen: Pen, box: Box) -> None:
    outline = ((0, 0.2), (1, 0.2), (1, 0.45), (0.45, 0.45), (0.4, 0.6), (0.3, 0.6), (0.25, 1), (0, 1), (0.08, 0.5))
    pen.polygon(_scale(box, *outline, (0, 0.45)), fill=INK)


def _knife(pen: Pen, box: Box) -> None:
    pen.polygon(_scale(box, (0.4, 0), (0.6, 0.1), (0.6, 0.62), (0.4, 0.62)), fill=(170, 180, 190), outline=INK)
    pen.rectangle(_scale(box, (0.42, 0.64), (0.58, 1)), fill=(110, 60, 30))


def _cigarette(pen: Pen, box: Box) -> None:
    pen.rectangle(_scale(box, (0.3, 0.55), (1, 0.85)), fill=(255, 255, 255), outline=INK, width=4)
    pen.rectangle(_scale(box, (0, 0.55), (0.35, 0.85)), fill=(220, 120, 30))
    pen.rectangle(_scale(box, (0.88, 0.55), (1, 0.85)), fill=(220, 40, 20))
    pen.line(_scale(box, (0.95, 0.5), (0.8, 0.35), (0.95, 0.2), (0.8, 0.02)), fill=(110, 110, 110), width=10)


def _bottle(pen: Pen, box: Box) -> None:
    outline = ((0.42, 0), (0.58, 0), (0.58, 0.3), (0.7, 0.42), (0.7, 1), (0.3, 1), (0.3, 0.42), (0.42, 0.3))
    pen.polygon(_scale(box, *outline), fill=(20, 100, 50))
    pen.rectangle(_scale(box, (0.3, 0.55), (0.7, 0.8)), fill=(240, 230, 190))


def _pills(pen: Pen, box: Box) -> None:
    pen.rounded_rectangle(_scale(box, (0, 0.15), (0.9, 0.45)), radius=14, fill=(230, 60, 60))
    pen.rounded_rectangle(_scale(box, (0.1, 0.55), (1, 0.85)), radius=14, fill=(60, 90, 220))
    pen.rectangle(_scale(box, (0.45, 0.15), (0.7, 0.45)), fill=(255, 255, 255))
    pen.rectangle(_scale(box, (0.3, 0.55), (0.55, 0.85)), fill=(255, 255, 255))


def _dice(pen: Pen, box: Box) -> None:
    pen.rounded_rectangle(
        _scale(box, (0.05, 0.05), (0.95, 0.95)), radius=12, fill=(255, 255, 255), outline=INK, width=4
    )
    for x, y in ((0.25, 0.25), (0.75, 0.25), (0.5, 0.5), (0.25, 0.75), (0.75, 0.75)):
        pen.ellipse(_scale(box, (x - 0.1, y - 0.1), (x + 0.1, y + 0.1)), fill=INK)


def _cup(pen: Pen, box: Box) -> None:
    pen.ellipse(_scale(box, (0.6, 0.35), (1, 0.75)), outline=(70, 120, 200), width=8)
    pen.polygon(_scale(box, (0.05, 0.25), (0.8, 0.25), (0.7, 0.95), (0.15, 0.95)), fill=(70, 120, 200))


def _phone(pen: Pen, box: Box) -> None:
    pen.rounded_rectangle(_scale(box, (0.22, 0), (0.78, 1)), radius=10, fill=INK)
    pen.rectangle(_scale(box, (0.28, 0.1), (0.72, 0.85)), fill=(150, 210, 240))


def _flower(pen: Pen, box: Box) -> None:
    pen.line(_scale(box, (0.5, 0.5), (0.5, 1)), fill=(40, 140, 60), width=8)
    for x, y in ((0.5, 0.12), (0.25, 0.32), (0.75, 0.32), (0.35, 0.55), (0.65, 0.55)):
        pen.ellipse(_scale(box, (x - 0.17, y - 0.13), (x + 0.17, y + 0.13)), fill=(235, 110, 170))
    pen.ellipse(_scale(box, (0.38, 0.25), (0.62, 0.48)), fill=(250, 210, 60))


def _house(pen: Pen, box: Box) -> None:
    pen.rectangle(_scale(box, (0.12, 0.45), (0.88, 1)), fill=(215, 170, 120))
    pen.polygon(_scale(box, (0, 0.45), (0.5, 0), (1, 0.45)), fill=(180, 60, 50))
    pen.rectangle(_scale(box, (0.42, 0.65), (0.6, 1)), fill=(100, 60, 40))


def _adults_only(pen: Pen, box: Box) -> None:
    pen.ellipse(box, fill=(255, 255, 255), outline=(210, 20, 20), width=4)
    write(pen, "18+", ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), 22, fill=(210, 20, 20), size=11)


def _seal(pen: Pen, box: Box) -> None:
    pen.rectangle(box, fill=(240, 190, 20))
    pen.polygon(_scale(box, (0.5, 0.05), (0.95, 0.5), (0.5, 0.95), (0.05, 0.5)), fill=(150, 90, 0))


OBJECTS: dict[str, Callable[[Pen, Box], None]] = {
    "gun": _gun, "knife": _knife, "cigarette": _cigarette, "bottle": _bottle, "pills": _pills, "dice": _dice,
    "cup": _cup, "phone": _phone, "flower": _flower, "house": _house,
}  # fmt: skip
BADGES: dict[str, Callable[[Pen, Box], None]] = {"18+": _adults_only, "seal": _seal}
