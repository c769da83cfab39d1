"""Squares: two clips that differ in one fact, and two rules, of which each is broken by one of the clips.

Each clip comes under both rules, in excerpts that are alike but for them. So neither the clip alone tells the verdict,
nor the excerpt alone; and to whom the one medium is not shown in which the clips differ, both look the same.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from data.billboard.catalogue import Catalogue, Pool, catalogue
from data.billboard.layouts import PALETTES
from data.billboard.motion.clip import Clip, Look, Scene, Speech
from data.billboard.motion.hearing import hear
from data.billboard.motion.judge import find
from data.billboard.motion.landing import Landing
from data.billboard.motion.script import Mechanism, kind_of, script

TRIES = 1000
"""Draws in which a square has to come out."""
Drawn = tuple[Clip, Clip, str, str]
"""Two clips, and the rules that the first and the second break."""


@dataclass(frozen=True)
class Form:
    """How long clips are.

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


@dataclass(frozen=True)
class Square:
    """Two clips under two rules."""

    mechanism: Mechanism
    clips: tuple[Clip, Clip]
    rules: tuple[str, str]
    """What the first and the second clip breaks."""
    fillers: tuple[str, ...]
    """Rules of the level that neither breaks."""


class SquareMaker:
    """Makes squares of one pool, seeded.

    Args:
        pool: whose names to use.
        level: ``motion``, ``motion-hard`` or ``live``.
        rng: the source of chance.
    """

    def __init__(self, pool: Pool, level: str, rng: random.Random):
        self.rng, self.form = rng, FORMS[level]
        self.book: Catalogue = catalogue()
        self.syllables = self.book.syllables[pool]
        self.rules = script().rules_of(level)
        looked_at = {subject.object for subject in self.book.rules.values()}
        self.harmless = [o for o in self.book.objects if o not in looked_at]
        self.claims = [claim for rule in script().mechanisms["spoken"] for claim in self.book.rules[rule].claims]
        self.near = [words for rule in script().mechanisms["spoken"] for words in self.book.rules[rule].near]
        self.to_kids = self.book.rules["KIDS-1"].claims
        self.sounds = (*script().sounds.values(), *script().harmless_sounds)

    def make(self, mechanism: Mechanism) -> Square:
        """A square around a mechanism."""
        vary: Callable[[Clip], Drawn] = getattr(self, f"_{mechanism}")
        for _ in range(TRIES):
            first, second, one, other = vary(self._clip())
            outcomes = [find(clip, rule).outcome for clip in (first, second) for rule in (one, other)]
            if outcomes == ["broken", "clear", "clear", "broken"]:
                fillers = [rule for rule in self.rules if not self._breaks(rule, first, second)]
                return Square(mechanism, (first, second), (one, other), tuple(fillers))
        raise AssertionError(f"no square around '{mechanism}' in {TRIES} draws")

    def _breaks(self, rule: str, *clips: Clip) -> bool:
        return any(find(clip, rule).outcome != "clear" for clip in clips)

    def _clip(self) -> Clip:
        """A clip in which each medium holds something, whatever it is made around."""
        rng, form = self.rng, self.form
        product = rng.choice(self.book.products[rng.choice(script().kinds)])
        free = rng.random() < 0.5
        body = f"{rng.choice(self.book.rules['FREE-1'].claims)}." if free else f"{rng.choice(script().idle)}."
        prices = [rng.choice(script().prices) for _ in range(3)]
        scenes = self._scenes(rng.choice(form.scenes))
        if form.priced:
            scenes = self._say(scenes, rng.randrange(len(scenes)), _price_words(prices[1]), prices[1])
        return Clip(
            seed=rng.randrange(2**32),
            name=self._name().capitalize(),
            product=product,
            body=body.capitalize(),
            free=free,
            look=Look(rng.choice((0.05, 0.15, 0.25)), rng.choice((0.05, 0.12)), rng.randrange(len(PALETTES))),
            seconds=rng.choice(form.seconds),
            scenes=scenes,
            landing=self._landing(product, prices[2]) if form.landing else None,
            price=prices[0] if form.priced else None,
        )

    def _scenes(self, count: int) -> tuple[Scene, ...]:
        """Scenes in which, now and then, an object is looked at, words are said and something sounds."""
        rng, scenes = self.rng, [Scene(self.rng.choice(self.harmless)) for _ in range(count)]
        often = max(1, count // 10)
        for _ in range(often):
            start = rng.randrange(count)
            shown = rng.choice(self.book.objects)
            for place in range(start, min(count, start + rng.choice((1, 2)))):
                scenes[place] = replace(scenes[place], shown=shown)
            place = rng.randrange(count)
            scenes[place] = replace(scenes[place], sound=rng.choice((*self.sounds, "")))
        for place in rng.sample(range(count), 2 * often):
            words = rng.choice(rng.choice((self.claims, self.near, self.to_kids, script().idle)))
            scenes[place] = replace(scenes[place], speech=hear(words, rng))
        return tuple(scenes)

    def _landing(self, product: str, price: int) -> Landing:
        sold = product if self.rng.random() < 0.7 else self._of_another_kind(product)
        return Landing(sold, price, self.rng.random() < 0.5, self.rng.random() < 0.7)

    def _of_another_kind(self, product: str) -> str:
        kind = self.rng.choice([kind for kind in script().kinds if kind != kind_of(product)])
        return self.rng.choice(self.book.products[kind])

    def _flash(self, clip: Clip) -> Drawn:
        """One object or another, for a scene or two."""
        one, other = self._two("flash")
        start = self.rng.randrange(len(clip.scenes))
        places = range(start, min(len(clip.scenes), start + self.rng.choice((1, 2))))

        def showing(rule: str) -> Clip:
            shown = str(self.book.rules[rule].object)
            return _with(clip, {place: replace(clip.scenes[place], shown=shown) for place in places})

        return showing(one), showing(other), one, other

    def _spoken(self, clip: Clip) -> Drawn:
        """One claim or another, at one time."""
        one, other = self._two("spoken")
        place = self._silent(clip)

        def saying(rule: str) -> Clip:
            return self._speaking(clip, {place: hear(self.rng.choice(self.book.rules[rule].claims), self.rng)})

        return saying(one), saying(other), one, other

    def _sound(self, clip: Clip) -> Drawn:
        """One sound effect or another, at one time."""
        one, other = self._two("sound")
        place = self.rng.randrange(len(clip.scenes))

        def sounding(rule: str) -> Clip:
            return _with(clip, {place: replace(clip.scenes[place], sound=script().sounds[rule])})

        return sounding(one), sounding(other), one, other

    def _during(self, clip: Clip) -> Drawn:
        """The same words at one time or at another: while one object is seen, or another."""
        one, other = self._two("during")
        here, there = self.rng.sample(range(len(clip.scenes)), 2)
        seen = [Scene(script().to_kids_with[rule], sound=clip.scenes[at].sound)
                for rule, at in ((one, here), (other, there))]  # fmt: skip
        clip = _with(clip, {here: seen[0], there: seen[1]})
        words = hear(self.rng.choice(self.to_kids), self.rng)
        return self._speaking(clip, {here: words}), self._speaking(clip, {there: words}), one, other

    def _page(self, clip: Clip) -> Drawn:
        """A page that breaks one promise of the ad, or another."""
        one, other = self._two("page")
        if "PROMISE-1" in (one, other) and not clip.free:
            body = f"{self.rng.choice(self.book.rules['FREE-1'].claims)}.".capitalize()
            clip = replace(clip, body=body, free=True)
        assert clip.landing is not None
        kept = replace(clip.landing, product=clip.product, terms=True, monthly=clip.landing.monthly and not clip.free)
        broken = {
            "PRODUCT-1": replace(kept, product=self._of_another_kind(clip.product)),
            "PROMISE-1": replace(kept, monthly=True),
            "TERMS-1": replace(kept, terms=False),
        }
        return replace(clip, landing=broken[one]), replace(clip, landing=broken[other]), one, other

    def _price(self, clip: Clip) -> Drawn:
        """The price that is said is that on the page, or that in the picture, which differ."""
        assert clip.landing is not None and clip.price is not None
        place = next(at for at, scene in enumerate(clip.scenes) if scene.speech and scene.speech.price is not None)

        def saying(price: int) -> Clip:
            return self._speaking(clip, {place: hear(_price_words(price), random.Random(clip.seed), price)})

        return saying(clip.landing.price), saying(clip.price), "PRICE-1", "PRICE-2"

    def _two(self, mechanism: Mechanism) -> list[str]:
        return self.rng.sample(script().mechanisms[mechanism], 2)

    def _silent(self, clip: Clip) -> int:
        """A scene in which no price is said."""
        places = [at for at, s in enumerate(clip.scenes) if s.speech is None or s.speech.price is None]
        return self.rng.choice(places)

    def _say(self, scenes: tuple[Scene, ...], place: int, words: str, price: int) -> tuple[Scene, ...]:
        said = replace(scenes[place], speech=hear(words, self.rng, price))
        return (*scenes[:place], said, *scenes[place + 1 :])

    def _speaking(self, clip: Clip, speech: dict[int, Speech]) -> Clip:
        return _with(clip, {place: replace(clip.scenes[place], speech=said) for place, said in speech.items()})

    def _name(self) -> str:
        return self.rng.choice(self.syllables.start) + self.rng.choice(self.syllables.end)


def _with(clip: Clip, scenes: dict[int, Scene]) -> Clip:
    """The clip with some of its scenes replaced."""
    return replace(clip, scenes=tuple(scenes.get(place, scene) for place, scene in enumerate(clip.scenes)))


def _price_words(price: int) -> str:
    return f"only {price} dollars"
