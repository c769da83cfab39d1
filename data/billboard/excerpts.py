"""Excerpts: which rules an ad is judged by, chosen so that the verdict is a given one and nothing else tells it.

Size and order are drawn before the verdict is known, and each rule is kept as frequent among approvals as among
rejections, so neither the size of an excerpt nor the presence of a rule says anything about the verdict.
"""

import random
from collections import Counter, defaultdict
from dataclasses import replace

from data.billboard.ads import Ad
from data.billboard.catalogue import NUMBERS, catalogue
from data.billboard.judge import CLEAR, find, verdict
from data.billboard.variants import Variant
from data.ruling import Verdict

CANDIDATES = 6
"""How many fitting excerpts to choose the best balanced one from."""
TRIES = 400
"""How many draws until an ad counts as one that cannot get the verdict."""


class ExcerptChooser:
    """Chooses excerpts, and keeps account of the rules it has used for each verdict.

    Args:
        own: how often it starts from all that an ad breaks, where the verdict is to be reject, 0..1.
    """

    def __init__(self, rules: tuple[str, ...], sizes: tuple[int, ...], rng: random.Random, own: float = 0.5):
        self.rules, self.sizes, self.rng, self.own = rules, sizes, rng, own
        self._cases: Counter[Verdict] = Counter()
        self._used: defaultdict[Verdict, Counter[str]] = defaultdict(Counter)

    def size(self) -> int:
        """A size, drawn without regard to anything."""
        return self.rng.choice(self.sizes)

    def choose(self, ad: Ad, wanted: Verdict, size: int) -> list[Variant] | None:
        """An excerpt under which the ad gets the wanted verdict, or None where none was found."""
        fitting: list[list[Variant]] = []
        for _ in range(TRIES):
            excerpt = self._draw(ad, wanted, size)
            if verdict(ad, excerpt) == wanted:
                fitting.append(excerpt)
                if len(fitting) == CANDIDATES:
                    break
        if not fitting:
            return None
        best = min(fitting, key=lambda excerpt: self._imbalance(excerpt, wanted))
        self._cases[wanted] += 1
        self._used[wanted].update(variant.key for variant in best)
        self.rng.shuffle(best)
        return best

    def vary(self, key: str) -> Variant:
        """A rule with a threshold and exceptions drawn by chance."""
        return Variant(key, threshold=self.rng.choice(NUMBERS[:-1]), excepted=self.rng.random() < 0.5)

    def _draw(self, ad: Ad, wanted: Verdict, size: int) -> list[Variant]:
        rules = list(self.rules)
        self.rng.shuffle(rules)
        # Half of the draws start from the ad's own rules: an excerpt that the ad has nothing to do with is easy.
        first = [ad.focus] if ad.focus in rules and self.rng.random() < 0.8 else []
        if wanted == "reject" and self.rng.random() < self.own:
            first += [rule for rule in ad.claims if rule in rules]
        excerpt: list[Variant] = []
        for key in dict.fromkeys(first + rules):
            variant = self.vary(key)
            if wanted != "reject" and find(ad, variant).outcome == "broken":
                variant = replace(variant, threshold=NUMBERS[-2], excepted=True)
                if find(ad, variant).outcome == "broken":
                    continue
            excerpt.append(variant)
            if len(excerpt) == size:
                break
        return excerpt

    def _imbalance(self, excerpt: list[Variant], wanted: Verdict) -> float:
        """How much more often the excerpt's rules have been used for this verdict than for the others."""
        total = 0.0
        for variant in excerpt:
            here = self._used[wanted][variant.key] / max(1, self._cases[wanted])
            others = sum(self._used[v][variant.key] for v in self._used if v != wanted)
            total += here - others / max(1, sum(self._cases.values()) - self._cases[wanted])
        return total


def untouched(ad: Ad, rules: tuple[str, ...]) -> list[str]:
    """The rules that an ad has nothing to do with."""
    return [rule for rule in rules if find(ad, Variant(rule)) == CLEAR and rule in catalogue().rules]
