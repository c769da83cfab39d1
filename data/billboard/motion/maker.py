"""ClipMaker: clips in which each medium holds something, whatever they are made around."""

import random
from dataclasses import dataclass, replace

from data.billboard.catalogue import Catalogue, Pool, catalogue
from data.billboard.layouts import PALETTES
from data.billboard.motion.clip import Clip, Look, Scene
from data.billboard.motion.hearing import hear
from data.billboard.motion.landing import Landing
from data.billboard.motion.script import kind_of, script


@dataclass(frozen=True)
class Form:
    """What clips are like.

    Args:
        scenes: how many scenes a clip may have.
        seconds: how long its scenes may be.
        landing: whether it leads to a page.
        priced: whether a price is shown and said.
    """

    scenes: tuple[int, ...]
    seconds: tuple[float, ...]
    landing: bool = True
    priced: bool = False


FORMS = {
    "motion": Form((4,), (1.0, 2.0)),
    "motion-hard": Form((4,), (1.0, 2.0), priced=True),
    "live": Form(tuple(range(15, 31)), (4.0,), landing=False),
}
"""By level."""


class ClipMaker:
    """Makes clips of one pool, seeded.

    Args:
        pool: whose names to use.
        form: what they are like.
        rng: the source of chance.
    """

    def __init__(self, pool: Pool, form: Form, rng: random.Random):
        self.form, self.rng = form, rng
        self.book: Catalogue = catalogue()
        self.syllables = self.book.syllables[pool]
        looked_at = {subject.object for subject in self.book.rules.values()}
        self.harmless = [o for o in self.book.objects if o not in looked_at]
        subjects = [self.book.rules[rule] for rule in script().mechanisms["spoken"]]
        claims = [claim for subject in subjects for claim in subject.claims]
        near = [words for subject in subjects for words in subject.near]
        self.said = (claims, near, self.book.rules["KIDS-1"].claims, script().idle)
        self.sounds = (*script().sounds.values(), *script().harmless_sounds, "")

    def make(self) -> Clip:
        """A clip."""
        rng, form = self.rng, self.form
        product = rng.choice(self.book.products[rng.choice(script().kinds)])
        free = rng.random() < 0.5
        body = self.offer() if free else f"{rng.choice(script().idle)}.".capitalize()
        shown, said, on_page = (rng.choice(script().prices) for _ in range(3))
        scenes = self._scenes(rng.choice(form.scenes))
        if form.priced:
            place = rng.randrange(len(scenes))
            scenes[place] = replace(scenes[place], speech=hear(price_words(said), rng, said))
        return Clip(
            seed=rng.randrange(2**32),
            name=self._name().capitalize(),
            product=product,
            body=body,
            free=free,
            look=Look(rng.choice((0.05, 0.15, 0.25)), rng.choice((0.05, 0.12)), rng.randrange(len(PALETTES))),
            seconds=rng.choice(form.seconds),
            scenes=tuple(scenes),
            landing=self._landing(product, on_page) if form.landing else None,
            price=shown if form.priced else None,
        )

    def offer(self) -> str:
        """A body that calls the product free."""
        return f"{self.rng.choice(self.book.rules['FREE-1'].claims)}.".capitalize()

    def of_another_kind(self, product: str) -> str:
        """A product that is not of a product's kind."""
        kind = self.rng.choice([kind for kind in script().kinds if kind != kind_of(product)])
        return self.rng.choice(self.book.products[kind])

    def _scenes(self, count: int) -> list[Scene]:
        """Scenes in which, now and then, an object is looked at, words are said and something sounds."""
        rng, scenes = self.rng, [Scene(self.rng.choice(self.harmless)) for _ in range(count)]
        often = max(1, count // 10)
        for _ in range(often):
            start, shown = rng.randrange(count), rng.choice(self.book.objects)
            for place in range(start, min(count, start + rng.choice((1, 2)))):
                scenes[place] = replace(scenes[place], shown=shown)
        for place in rng.sample(range(count), 2 * often):
            scenes[place] = replace(scenes[place], sound=rng.choice(self.sounds))
        for place in rng.sample(range(count), rng.choice((1, 2)) * often):
            scenes[place] = replace(scenes[place], speech=hear(rng.choice(rng.choice(self.said)), rng))
        return scenes

    def _landing(self, product: str, price: int) -> Landing:
        sold = product if self.rng.random() < 0.7 else self.of_another_kind(product)
        return Landing(sold, price, self.rng.random() < 0.5, self.rng.random() < 0.7)

    def _name(self) -> str:
        return self.rng.choice(self.syllables.start) + self.rng.choice(self.syllables.end)


def price_words(price: int) -> str:
    """The words in which a price is said."""
    return f"only {price} dollars"
