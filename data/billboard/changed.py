"""Changed rules: twins of one ad under two excerpts that differ in one rule. Half of the pairs flip the verdict."""

import random
from dataclasses import replace

from data.billboard.ads import Ad
from data.billboard.catalogue import NUMBERS
from data.billboard.excerpts import ExcerptChooser, untouched
from data.billboard.judge import CLEAR, find, verdict
from data.billboard.variants import Variant

DEMO_CHANGES = ("left_out", "added", "threshold_moved", "exception_added", "exception_removed")
FULL_CHANGES = (*DEMO_CHANGES, "id_changed", "wording_changed", "ids_reassigned", "unseen_rule")
NEVER_FLIP = ("id_changed", "wording_changed", "ids_reassigned")


class RuleChanger:
    """Changes one thing about an excerpt.

    Args:
        chooser: whose rules and chance to use.
        unseen: rules that training never shows.
    """

    def __init__(self, chooser: ExcerptChooser, unseen: tuple[str, ...] = ()):
        self.chooser, self.unseen = chooser, unseen
        self.rng: random.Random = chooser.rng

    def change(self, ad: Ad, excerpt: list[Variant], how: str, flips: bool) -> list[Variant] | None:
        """The excerpt with one change of the given kind, which flips the verdict or holds it; None if none can."""
        before = verdict(ad, excerpt)
        found = [c for c in getattr(self, f"_{how}")(ad, excerpt) if (verdict(ad, c) != before) == flips]
        return self.rng.choice(found) if found else None

    def _left_out(self, ad: Ad, excerpt: list[Variant]) -> list[list[Variant]]:
        """One rule is left out; another, which has nothing to do with the ad, keeps the size."""
        spare = [r for r in untouched(ad, self.chooser.rules) if r not in {v.key for v in excerpt}]
        if not spare:
            return []
        other = self.chooser.vary(self.rng.choice(spare))
        return [[other if i == out else v for i, v in enumerate(excerpt)] for out in range(len(excerpt))]

    def _added(self, ad: Ad, excerpt: list[Variant]) -> list[list[Variant]]:
        """A rule comes in, in place of one that has nothing to do with the ad."""
        return self._replaced(ad, excerpt, [r for r in self.chooser.rules if r not in {v.key for v in excerpt}])

    def _unseen_rule(self, ad: Ad, excerpt: list[Variant]) -> list[list[Variant]]:
        return self._replaced(ad, excerpt, list(self.unseen))

    def _replaced(self, ad: Ad, excerpt: list[Variant], rules: list[str]) -> list[list[Variant]]:
        idle = [i for i, v in enumerate(excerpt) if find(ad, v) == CLEAR]
        if not idle:
            return []
        place = self.rng.choice(idle)
        return [[self.chooser.vary(r) if i == place else v for i, v in enumerate(excerpt)] for r in rules]

    def _threshold_moved(self, ad: Ad, excerpt: list[Variant]) -> list[list[Variant]]:
        return [
            [replace(v, threshold=n) if i == place else v for i, v in enumerate(excerpt)]
            for place, variant in enumerate(excerpt)
            if variant.has_threshold
            for n in NUMBERS[:-1]
            if n != variant.threshold
        ]

    def _exception_added(self, ad: Ad, excerpt: list[Variant]) -> list[list[Variant]]:
        return self._with_exception(excerpt, True)

    def _exception_removed(self, ad: Ad, excerpt: list[Variant]) -> list[list[Variant]]:
        return self._with_exception(excerpt, False)

    def _with_exception(self, excerpt: list[Variant], excepted: bool) -> list[list[Variant]]:
        return [
            [replace(v, excepted=excepted) if i == place else v for i, v in enumerate(excerpt)]
            for place, variant in enumerate(excerpt)
            if variant.has_exceptions and variant.excepted != excepted
        ]

    def _id_changed(self, ad: Ad, excerpt: list[Variant]) -> list[list[Variant]]:
        return [
            [replace(v, id=self._new_id(v)) if i == place else v for i, v in enumerate(excerpt)]
            for place in range(len(excerpt))
        ]

    def _wording_changed(self, ad: Ad, excerpt: list[Variant]) -> list[list[Variant]]:
        return [
            [replace(v, reworded=True) if i == place else v for i, v in enumerate(excerpt)]
            for place in range(len(excerpt))
        ]

    def _ids_reassigned(self, ad: Ad, excerpt: list[Variant]) -> list[list[Variant]]:
        """Every rule goes by a number that says nothing."""
        numbers = self.rng.sample(range(1, 100), len(excerpt))
        return [[replace(v, id=f"R-{n}") for v, n in zip(excerpt, numbers, strict=True)]]

    def _new_id(self, variant: Variant) -> str:
        return f"{variant.key.split('-')[0]}-{self.rng.randint(2, 99)}"
