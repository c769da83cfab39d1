"""Catalogue: the words, objects and rules that Billboard ads are made of, read from ``phrases.yaml``."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from data.rulebook import Rulebook
from data.yaml_model import load_yaml

Pool = Literal["train", "valid", "test"]
NUMBERS = (10, 30, 50, 70, 90)
"""The numbers that ads state and that thresholds take, in per cent."""


class Subject(BaseModel):
    """What one rule is about, as ads show it."""

    model_config = ConfigDict(extra="forbid")

    claims: tuple[str, ...] = ()
    """Phrases that break the rule."""
    near: tuple[str, ...] = ()
    """Phrases that only look as if they did."""
    number: str | None = None
    """A phrase with ``{n}``, which breaks the rule where n is above its threshold."""
    object: str | None = None
    """The pictured object that breaks the rule."""
    with_objects: tuple[str, ...] = ()
    """Claims break the rule only together with one of these objects."""
    with_badge: str | None = None
    """Claims break the rule only together with this badge."""
    notice: str | None = None
    """The sentence that makes the rule's exception apply."""
    badge: str | None = None
    """The badge that makes the rule's exception apply."""
    reworded: str
    """A second wording of the rule."""

    @property
    def is_joint(self) -> bool:
        """Whether the rule looks at text and picture together."""
        return bool(self.with_objects) or self.with_badge is not None

    @property
    def is_plain_claim(self) -> bool:
        return bool(self.claims) and not self.is_joint

    @property
    def looks_at_picture(self) -> bool:
        return self.object is not None or self.is_joint


class Syllables(BaseModel):
    """Beginnings and endings of invented names; each pool of ads has beginnings of its own."""

    model_config = ConfigDict(extra="forbid")

    start: tuple[str, ...]
    end: tuple[str, ...]


class Catalogue(BaseModel):
    """Everything that an ad can say or show."""

    model_config = ConfigDict(extra="forbid")

    rules: dict[str, Subject]
    levels: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """The rules of a level; a level that is not listed uses them all."""
    unseen: tuple[str, ...] = ()
    """Rules that the full level keeps out of training."""
    objects: tuple[str, ...]
    products: dict[str, tuple[str, ...]]
    """Products of each intent."""
    neutral: tuple[str, ...]
    quoted: tuple[str, ...]
    to_reviewer: tuple[str, ...]
    syllables: dict[Pool, Syllables]

    def rules_of(self, level: str) -> tuple[str, ...]:
        """The rules that a level draws excerpts from."""
        return self.levels.get(level, tuple(self.rules))


@cache
def catalogue() -> Catalogue:
    """The shipped catalogue."""
    return load_yaml(Catalogue, Path(__file__).parent / "phrases.yaml")


@cache
def rulebook() -> Rulebook:
    """The shipped rulebook that Billboard ads are judged by."""
    return Rulebook.load("billboard")
