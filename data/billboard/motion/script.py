"""Script: what clips are made of, read from ``script.yaml``, and which rules are about which medium."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from data.billboard.catalogue import catalogue
from data.yaml_model import load_yaml

Mechanism = Literal["flash", "spoken", "sound", "during", "page", "price"]
"""What a clip is made around: an object in some scenes only; a claim that is only spoken; a sound effect; words to
kids while an object is seen; a page that is not what the ad says; prices that are not alike."""


class Script(BaseModel):
    """Everything that a clip can be made of, beside what pictures have."""

    model_config = ConfigDict(extra="forbid")

    mechanisms: dict[Mechanism, tuple[str, ...]]
    """The rules of each."""
    levels: dict[str, tuple[Mechanism, ...]]
    sounds: dict[str, str]
    """The sound effect that breaks a rule."""
    harmless_sounds: tuple[str, ...]
    claimed: dict[str, str]
    """The word by which the reasoning tells a claim of a rule."""
    to_kids_with: dict[str, str]
    """The object that may not be seen while kids are spoken to."""
    kinds: tuple[str, ...]
    """The intents that products are taken from."""
    idle: tuple[str, ...]
    prices: tuple[int, ...]
    misheard: dict[str, str]

    def rules_of(self, level: str) -> tuple[str, ...]:
        """The rules that a level draws excerpts from."""
        return tuple(rule for mechanism in self.levels[level] for rule in self.mechanisms[mechanism])

    def mechanism_of(self, rule: str) -> Mechanism:
        """What a rule is about."""
        return next(mechanism for mechanism, rules in self.mechanisms.items() if rule in rules)


@cache
def script() -> Script:
    """The shipped script."""
    return load_yaml(Script, Path(__file__).parent / "script.yaml")


@cache
def kind_of(product: str) -> str:
    """The intent that a product belongs to."""
    return next(kind for kind, products in catalogue().products.items() if product in products)
