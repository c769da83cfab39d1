"""What an ad's picture says can be read."""

import random
from typing import Any, get_args

import pytest
from PIL import ImageDraw

from data.billboard.ads import MECHANISMS, AdMaker
from data.billboard.catalogue import NUMBERS, Pool, catalogue
from data.billboard.draw import draw
from data.billboard.layouts import SIZE, layouts

Box = tuple[float, float, float, float]


@pytest.mark.parametrize("pool", get_args(Pool))
def test_no_text_leaves_the_picture_whatever_the_layout(
    level: str, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[str, Box]] = []
    write = ImageDraw.ImageDraw.text

    def measured(pen: ImageDraw.ImageDraw, xy: Any, text: str, **kwargs: Any) -> None:
        drawn.append((text, pen.textbbox(xy, text, font=kwargs["font"], anchor=kwargs["anchor"])))
        write(pen, xy, text, **kwargs)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", measured)
    maker = AdMaker(pool, catalogue().rules_of(level), random.Random(f"{level} {pool}"))
    for layout in layouts(pool):
        ads = [maker.make("ad", mechanism) for mechanism in MECHANISMS for _ in range(20)]
        for ad in {(ad.burst, ad.covered, ad.badge): ad for ad in ads}.values():  # one of each look
            draw(ad.title, layout, ad.shown, badge=ad.badge, covered=ad.covered, burst=ad.burst)

    assert {text for text, _ in drawn} >= {"?", "18+", *(f"-{number} %" for number in NUMBERS[1:])}
    assert not {text: box for text, box in drawn if min(box) < 0 or max(box) > SIZE}
