"""Clips: what an ad that moves shows, says, sounds like and leads to, scene by scene. What is in one is known, so
every ruling on it can be worked out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from data.billboard.motion.landing import Landing
from data.evidence import Interval


@dataclass(frozen=True)
class Speech:
    """What is said in a scene, from its beginning to its end."""

    said: str
    """The script's words."""
    heard: str
    """What speech recognition made of them."""
    confidence: float
    """How sure it was, 0..1."""
    price: int | None = None
    """In dollars, where one is said."""


@dataclass(frozen=True)
class Scene:
    """A stretch of a clip in which one object is seen."""

    shown: str
    speech: Speech | None = None
    sound: str = ""
    """The sound effect; none if empty."""


@dataclass(frozen=True)
class Look:
    """Where the object stands, as shares of the picture, and the colours."""

    x: float
    y: float
    palette: int


@dataclass(frozen=True)
class Clip:
    """An ad that moves."""

    seed: int
    """Of what is random in its sound."""
    name: str
    product: str
    body: str
    free: bool
    """Whether the body calls the product free."""
    look: Look
    seconds: float
    """That every scene lasts."""
    scenes: tuple[Scene, ...]
    landing: Landing | None = None
    price: int | None = None
    """In dollars, where one is shown in the picture."""

    @property
    def title(self) -> str:
        return f"{self.name} {self.product}"

    @property
    def length(self) -> float:
        """In seconds."""
        return self.seconds * len(self.scenes)

    @property
    def said_price(self) -> int | None:
        """In dollars, where one is said."""
        prices = (scene.speech.price for scene in self.scenes if scene.speech is not None)
        return next((price for price in prices if price is not None), None)

    def span(self, first: int, last: int | None = None) -> Interval:
        """From the beginning of one scene to the end of another, or of its own."""
        return Interval(interval=(first * self.seconds, (1 + (first if last is None else last)) * self.seconds))

    def runs(self, holds: Callable[[Scene], bool]) -> Iterator[Interval]:
        """The stretches of scenes, one behind the other, of which something holds."""
        first: int | None = None
        for place, scene in enumerate(self.scenes):
            if holds(scene) and first is None:
                first = place
            if not holds(scene) and first is not None:
                yield self.span(first, place - 1)
                first = None
        if first is not None:
            yield self.span(first, len(self.scenes) - 1)
