"""Retrieval: Billboard under a book of hundreds of rules, of which an ad meets a handful.

Every mechanism has a family of rules, one for each product, worded in one of several ways. Rules of one family differ
in their product, and where the mechanism has a limit or an exception, in these too; fees, rates and discounts have a
second, lower limit for each product, beyond which a person decides. Ads are those of the other levels, judged by the
whole book: a rule is broken where it is about the ad's product, and the ad does what it forbids.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from data.billboard.ads import MECHANISMS, Ad, AdMaker
from data.billboard.catalogue import NUMBERS, Pool, catalogue, rulebook
from data.billboard.draw import picture_of
from data.billboard.judge import find
from data.billboard.pools import Drawn, write_pools
from data.billboard.variants import DEFAULT_THRESHOLD, Variant
from data.case import Case
from data.gold import Gold, GoldViolation
from data.rulebook import Rule, Rulebook
from data.yaml_model import load_yaml


class Families(BaseModel):
    """The wordings of ``retrieval.yaml``."""

    model_config = ConfigDict(extra="forbid")

    scopes: tuple[str, ...]
    families: dict[str, tuple[str, ...]]
    tiered: tuple[str, ...]


@dataclass(frozen=True)
class BookRule:
    """A rule of the book, and what of Billboard's own rules it is."""

    rule: Rule
    product: str
    variant: Variant


@dataclass(frozen=True)
class RetrievalBook:
    """The book, drawn by a seed: equal seeds, equal books."""

    seed: int = 0

    @cached_property
    def rules(self) -> tuple[BookRule, ...]:
        """Family by family, product by product."""
        families = load_yaml(Families, Path(__file__).parent / "retrieval.yaml")
        rng = random.Random(f"billboard desk {self.seed}")
        return tuple(self._drawn(families, rng))

    @cached_property
    def book(self) -> Rulebook:
        """The rules under Billboard's categories and intents."""
        own = rulebook()
        rules = tuple(each.rule for each in self.rules)
        return Rulebook(name="billboard-retrieval", intents=own.intents, categories=own.categories, rules=rules)

    def judge(self, ad: Ad) -> Gold:
        """The gold ruling on an ad by the whole book, without reasoning: a line a rule would be hundreds."""
        judged = [(own, find(ad, own.variant)) for own in self._by_product[product_of(ad)]]
        broken = [(own.rule.id, found) for own, found in judged if found.outcome == "broken"]
        unclear = [own.rule.id for own, found in judged if found.outcome == "unclear"]
        called_for = self.book.called_for(rule for rule, _ in broken)
        return Gold(
            verdict="escalate" if called_for == "approve" and unclear else called_for,
            intent=ad.intent,
            violations=[GoldViolation(rule=rule, evidence=list(found.evidence)) for rule, found in broken],
            unclear=unclear,
        )

    def ads(self, pool: Pool, count: int) -> Iterator[Ad]:
        """Ads of a pool, mechanism by mechanism."""
        rng = random.Random(f"billboard desk {self.seed} {pool}")
        maker = AdMaker(pool, tuple(catalogue().rules), rng)
        for number in range(count):
            yield maker.make(f"retrieval-{pool}-{number:05d}", MECHANISMS[number % len(MECHANISMS)])

    def case(self, ad: Ad) -> Case:
        """An ad as a case under the whole book; its category is what it promotes."""
        return Case(
            id=ad.id,
            group=ad.id,
            lang="en",
            text={"title": ad.title, "body": ad.body},
            images=[f"media/{ad.id}.png"],
            meta={"mechanism": ad.mechanism, "category": ad.intent},
            gold=self.judge(ad),
        )

    @cached_property
    def _by_product(self) -> dict[str, list[BookRule]]:
        products = Counter(own.product for own in self.rules)
        return {product: [own for own in self.rules if own.product == product] for product in products}

    def _drawn(self, families: Families, rng: random.Random) -> Iterator[BookRule]:
        products = [product for some in catalogue().products.values() for product in some]
        for key, wordings in families.families.items():
            for product in products:
                name = f"{key.removesuffix('-1')}-{product.replace(' ', '').upper()}"
                low, high = sorted(rng.sample(NUMBERS[:-1], 2))
                variant = Variant(key, threshold=high, excepted=rng.random() < 0.5)
                yield BookRule(_worded(name, variant, product, wordings, families.scopes, rng), product, variant)
                if key in families.tiered:
                    variant = Variant(key, threshold=low)
                    rule = _worded(f"{name}-2", variant, product, wordings, families.scopes, rng)
                    lower = rule.model_copy(update={"severity": "low", "verdict": "escalate"})
                    yield BookRule(lower, product, variant)


def product_of(ad: Ad) -> str:
    """What an ad promotes: its title is an invented name, of one word, and the product."""
    return ad.title.split(" ", 1)[1]


def build_retrieval(
    out: str | Path, cases: int, test_cases: int, seed: int = 0, progress: Callable[[int], None] | None = None
) -> Path:
    """Writes ``rulebook.yaml``, ``train.jsonl``, ``test.jsonl`` and ``media/``; the same seed gives the same bytes.

    Args:
        out: the folder to write to.
        cases: how many training cases.
        test_cases: how many test cases, with names and layouts that no training case has.
        progress: told how many of all cases are done.
    """
    out, book = Path(out), RetrievalBook(seed)

    def drawn(pool: Pool, count: int) -> Iterator[Drawn]:
        for ad in book.ads(pool, count):
            case = book.case(ad)
            yield case, {case.images[0]: picture_of(ad)}

    write_pools(out, book.book, drawn, (cases, test_cases), progress)
    return out


def _worded(
    name: str, variant: Variant, product: str, wordings: tuple[str, ...], scopes: tuple[str, ...], rng: random.Random
) -> Rule:
    own, limit = rulebook()[variant.key], f"{DEFAULT_THRESHOLD} %"
    scope, wording = rng.choice(scopes).format(p=product), rng.choice(wordings)
    return own.model_copy(
        update={
            "id": name,
            "title": f"{own.title.replace(limit, f'{variant.threshold} %')}: {product}",
            "text": wording.format(ad=scope, p=product, n=variant.threshold),
            "exceptions": own.exceptions if variant.excepted else (),
        }
    )
