"""The desk book: 3,000 rules, three for each of 1,000 products, worded alike: near-duplicates that differ in the
product, a limit, a claim or an exception. There are so many that reading a rule is easier than knowing it by heart.
"""

import random
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from data.billboard.catalogue import Pool
from data.rulebook import Rule, Rulebook
from data.yaml_model import load_yaml

Family = Literal["SAY", "FEE", "TERM"]
LIMITS = (20, 40, 60, 80)
"""What fees and terms end at. What ads state lies 10 below or above: of the numbers between two limits none tells
without its rule on which side it is."""
HELD_OUT = 4
"""One in so many products has test ads alone."""


class Words(BaseModel):
    """``words.yaml``."""

    model_config = ConfigDict(extra="forbid")

    firsts: tuple[str, ...]
    seconds: tuple[str, ...]
    claims: tuple[str, ...]
    notice: str
    exception: str
    neutral: tuple[str, ...]
    fees: tuple[str, ...]
    terms: tuple[str, ...]
    sections: tuple[str, ...]
    families: dict[Family, tuple[str, ...]]


@cache
def words() -> Words:
    """What is shipped."""
    return load_yaml(Words, Path(__file__).parent / "words.yaml")


@dataclass(frozen=True)
class ProductRules:
    """What the book says of one product."""

    product: str
    claim: str
    """What must not be said,"""
    excepted: bool
    """unless users rated it."""
    fee: int
    """In per cent."""
    term: int
    """In weeks."""

    def id_of(self, family: Family) -> str:
        """``FEE-river-lamp``."""
        return f"{family}-{self.product.replace(' ', '-')}"


@dataclass(frozen=True)
class DeskBook:
    """The book, drawn by a seed: equal seeds, equal books."""

    seed: int = 0

    @cached_property
    def products(self) -> tuple[ProductRules, ...]:
        """Product by product, in the book's order."""
        rng = random.Random(f"billboard desk book {self.seed}")
        names = [" ".join(pair) for pair in product(words().firsts, words().seconds)]
        return tuple(
            ProductRules(name, rng.choice(words().claims), rng.random() < 0.5, rng.choice(LIMITS), rng.choice(LIMITS))
            for name in names
        )

    def of_pool(self, pool: Pool) -> list[ProductRules]:
        """The products that a pool's ads are about; no two pools share one, and all share their words."""
        columns = len(words().seconds)
        held = [(place // columns + place % columns) % HELD_OUT == 0 for place in range(len(self.products))]
        return [about for about, apart in zip(self.products, held, strict=True) if apart == (pool == "test")]

    @cached_property
    def book(self) -> Rulebook:
        """All rules, family by family."""
        rng = random.Random(f"billboard desk wording {self.seed}")
        families = words().families.items()
        rules = (self._worded(about, family, rng.choice(all_)) for family, all_ in families for about in self.products)
        return Rulebook(name="billboard-desk", rules=tuple(rules))

    def _worded(self, about: ProductRules, family: Family, wording: str) -> Rule:
        limit = about.fee if family == "FEE" else about.term
        excepted = family == "SAY" and about.excepted
        return Rule(
            id=about.id_of(family),
            text=wording.format(p=about.product, c=about.claim, n=limit),
            exceptions=(words().exception,) if excepted else (),
        )
