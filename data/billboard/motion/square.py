"""Squares: two clips that differ in one fact, and two rules, of which each is broken by one of the clips.

Each clip comes under both rules, in excerpts that are alike but for them. So neither the clip alone tells the verdict,
nor the excerpt alone; and to whom the one medium is not shown in which the clips differ, both look the same.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from data.billboard.catalogue import Pool, catalogue
from data.billboard.motion.clip import Clip, Scene, Speech
from data.billboard.motion.hearing import hear
from data.billboard.motion.judge import find
from data.billboard.motion.maker import FORMS, ClipMaker, price_words
from data.billboard.motion.script import Mechanism, script

TRIES = 1000
"""Draws in which a square has to come out."""
Drawn = tuple[Clip, Clip, str, str]
"""Two clips, and the rules that the first and the second break."""


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
        self.rng, self.clips = rng, ClipMaker(pool, FORMS[level], rng)
        self.rules = script().rules_of(level)
        self.subjects = catalogue().rules

    def make(self, mechanism: Mechanism) -> Square:
        """A square around a mechanism."""
        vary: Callable[[Clip], Drawn] = getattr(self, f"_{mechanism}")
        for _ in range(TRIES):
            first, second, one, other = vary(self.clips.make())
            outcomes = [find(clip, rule).outcome for clip in (first, second) for rule in (one, other)]
            if outcomes == ["broken", "clear", "clear", "broken"]:
                fillers = [r for r in self.rules if {find(clip, r).outcome for clip in (first, second)} == {"clear"}]
                return Square(mechanism, (first, second), (one, other), tuple(fillers))
        raise AssertionError(f"no square around '{mechanism}' in {TRIES} draws")

    def _flash(self, clip: Clip) -> Drawn:
        """One object or another, for a scene or two."""
        one, other = self._two("flash")
        start = self.rng.randrange(len(clip.scenes))
        places = range(start, min(len(clip.scenes), start + self.rng.choice((1, 2))))

        def showing(rule: str) -> Clip:
            shown = str(self.subjects[rule].object)
            return _with(clip, {place: replace(clip.scenes[place], shown=shown) for place in places})

        return showing(one), showing(other), one, other

    def _spoken(self, clip: Clip) -> Drawn:
        """One claim or another, at one time."""
        one, other = self._two("spoken")
        place = self._silent(clip)

        def saying(rule: str) -> Clip:
            return _saying(clip, {place: hear(self.rng.choice(self.subjects[rule].claims), self.rng)})

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
        shown = {here: script().to_kids_with[one], there: script().to_kids_with[other]}
        clip = _with(clip, {at: Scene(seen, sound=clip.scenes[at].sound) for at, seen in shown.items()})
        words = hear(self.rng.choice(self.subjects["KIDS-1"].claims), self.rng)
        return _saying(clip, {here: words}), _saying(clip, {there: words}), one, other

    def _page(self, clip: Clip) -> Drawn:
        """A page that breaks one promise of the ad, or another."""
        one, other = self._two("page")
        if "PROMISE-1" in (one, other) and not clip.free:
            clip = replace(clip, body=self.clips.offer(), free=True)
        assert clip.landing is not None
        kept = replace(clip.landing, product=clip.product, terms=True, monthly=clip.landing.monthly and not clip.free)
        broken = {
            "PRODUCT-1": replace(kept, product=self.clips.of_another_kind(clip.product)),
            "PROMISE-1": replace(kept, monthly=True),
            "TERMS-1": replace(kept, terms=False),
        }
        return replace(clip, landing=broken[one]), replace(clip, landing=broken[other]), one, other

    def _price(self, clip: Clip) -> Drawn:
        """The price that is said is that on the page, or that in the picture, which differ."""
        assert clip.landing is not None and clip.price is not None
        place = next(at for at, scene in enumerate(clip.scenes) if scene.speech and scene.speech.price is not None)

        def saying(price: int) -> Clip:
            return _saying(clip, {place: hear(price_words(price), random.Random(clip.seed), price)})

        return saying(clip.landing.price), saying(clip.price), "PRICE-1", "PRICE-2"

    def _two(self, mechanism: Mechanism) -> list[str]:
        return self.rng.sample(script().mechanisms[mechanism], 2)

    def _silent(self, clip: Clip) -> int:
        """A scene in which no price is said."""
        places = [at for at, s in enumerate(clip.scenes) if s.speech is None or s.speech.price is None]
        return self.rng.choice(places)


def _with(clip: Clip, scenes: Mapping[int, Scene]) -> Clip:
    """The clip with some of its scenes replaced."""
    return replace(clip, scenes=tuple(scenes.get(place, scene) for place, scene in enumerate(clip.scenes)))


def _saying(clip: Clip, speech: Mapping[int, Speech]) -> Clip:
    """The clip with other words in some of its scenes."""
    return _with(clip, {place: replace(clip.scenes[place], speech=said) for place, said in speech.items()})
