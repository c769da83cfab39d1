"""Layouts: where things stand in an ad's picture. Each pool of ads has layouts of its own."""

from dataclasses import dataclass
from itertools import product

from data.billboard.catalogue import Pool

SIZE = 224
"""Side of the square picture, in pixels."""
OBJECT = 0.4
"""Side of the box that an object is drawn in, as a share of the picture."""

PALETTES = (
    ((250, 244, 230), (40, 60, 90)),
    ((228, 240, 250), (120, 40, 60)),
    ((232, 248, 232), (70, 50, 110)),
    ((252, 232, 240), (30, 90, 80)),
)


@dataclass(frozen=True)
class Layout:
    """Where the headline, the object and the badge stand, and the colours (background, headline)."""

    headline_on_top: bool
    x: float
    y: float
    badge_left: bool
    palette: int

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The object's box, normalised to 0..1, at one decimal."""
        return (self.x, self.y, round(self.x + OBJECT, 1), round(self.y + OBJECT, 1))


def layouts(pool: Pool) -> list[Layout]:
    """The layouts of a pool of ads; no two pools share one."""
    found = []
    places = product((True, False), (0.1, 0.3, 0.5), (0.2, 0.3, 0.4), (True, False), range(len(PALETTES)))
    for index, (top, x, y, left, palette) in enumerate(places):
        # A Latin square over the places, so that every pool sees every place, but no two pools the same whole.
        held = (index // 24 + (index // 8) % 3 + (index // 4) % 2 + index % 4) % 4
        if pool == {0: "test", 1: "valid"}.get(held, "train"):
            found.append(Layout(top, x, y, left, palette))
    return found
