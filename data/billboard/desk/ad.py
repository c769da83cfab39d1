"""Ads at the desk: how each is made, and so what gold says of it.

Each is about one product, and one of its three rules is at stake: what the text claims (`claim`), a fee that stands in
print too small to read (`fine_print`), or a term that stands only on the page (`page`). As many break their rule as
keep it, whatever a rule says and whatever is stated: neither alone tells.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from data.billboard.catalogue import Pool, catalogue
from data.billboard.desk.book import DeskBook, Family, ProductRules, words
from data.case import Case
from data.evidence import Evidence, Quote, Region
from data.finding import Finding, Outcome, lines
from data.gold import Gold, GoldViolation
from data.page import PAGE, Page, Section

MECHANISMS: dict[str, Family] = {"claim": "SAY", "fine_print": "FEE", "page": "TERM"}
"""What an ad is made around, and the rule that is then at stake."""
PRINT = {"left": (0.0, 0.75, 0.25, 1.0), "right": (0.75, 0.75, 1.0, 1.0)}
"""Where small print can stand: in a corner, a sixteenth of the picture."""


@dataclass
class DeskAd:
    """What an ad says and shows, and what nobody is shown until it is looked up."""

    id: str
    mechanism: str
    about: ProductRules
    breaks: bool
    title: str
    body: str
    palette: int
    shown: str
    """The pictured object, which plays no part."""
    corner: str
    """Where its print stands,"""
    paper: int
    """how light it is there, 0..255,"""
    shift: tuple[int, int]
    """and by how many pixels of the large picture the print is off the middle."""
    fee: int | None = None
    """What the print says, in per cent; None where there is none."""
    sections: list[Section] = field(default_factory=list)
    seen: str = ""
    """What the finding on the rule at stake says."""
    evidence: list[Evidence] = field(default_factory=list)

    @property
    def gold(self) -> Gold:
        """The ruling by the three rules of its product: no other speaks of it."""
        at_stake = MECHANISMS[self.mechanism]
        outcome: Outcome = "broken" if self.breaks else "clear"
        findings = [
            Finding(self.about.id_of(family), outcome, self.seen) if family == at_stake
            else Finding(self.about.id_of(family), "clear")
            for family in words().families
        ]  # fmt: skip
        broken = [GoldViolation(rule=self.about.id_of(at_stake), evidence=self.evidence)] if self.breaks else []
        return Gold(verdict="reject" if broken else "approve", violations=broken, reasoning=lines(findings))

    @property
    def case(self) -> Case:
        """The ad under the whole book. ``meta.looks`` says what a reviewer has to look at."""
        looks: list[dict[str, object]] = []
        if self.mechanism == "fine_print":
            looks = [{"name": "zoom", "arguments": {"image": 0, "box": list(PRINT[self.corner])}}]
        if self.mechanism == "page":
            at = next(place for place, section in enumerate(self.sections) if section.title == "terms")
            looks = [{"name": "read", "arguments": {"field": f"{PAGE} {at}"}}]
        return Case(
            id=self.id,
            group=self.about.product,
            lang="en",
            text={"title": self.title, "body": self.body},
            images=[f"media/{self.id}.png"],
            originals=[f"media/{self.id}-large.png"],
            page=Page(sections=self.sections) if self.sections else None,
            meta={"mechanism": self.mechanism, "looks": looks},
            gold=self.gold,
        )


class DeskAdMaker:
    """Makes the ads of one pool, mechanism by mechanism.

    Args:
        book: what they are judged by.
        pool: whose products and names to use.
    """

    def __init__(self, book: DeskBook, pool: Pool):
        self.rng = random.Random(f"billboard desk {book.seed} {pool}")
        self.pool, self.products, self.syllables = pool, book.of_pool(pool), catalogue().syllables[pool]

    def ads(self, count: int) -> Iterator[DeskAd]:
        """As many, half of which break their rule."""
        for number in range(count):
            mechanism = list(MECHANISMS)[number % len(MECHANISMS)]
            yield self._make(f"desk-{self.pool}-{number:05d}", mechanism, breaks=number // len(MECHANISMS) % 2 == 0)

    def _make(self, id_: str, mechanism: str, breaks: bool) -> DeskAd:
        rng = self.rng
        about = rng.choice(self.products)
        harmless = ("cup", "phone", "flower", "house", "bottle", "dice")
        ad = DeskAd(
            id_, mechanism, about, breaks, about.product, "",
            rng.randrange(4), rng.choice(harmless), rng.choice(list(PRINT)), rng.randrange(215, 256),
            (rng.randint(-2, 2), rng.randint(-3, 3)),
        )  # fmt: skip
        sentences = [rng.choice(words().neutral).format(place=self._name())]
        sentences += getattr(self, f"_{mechanism}")(ad)
        rng.shuffle(sentences)
        ad.body = " ".join(sentences)
        return ad

    def _claim(self, ad: DeskAd) -> list[str]:
        """What is forbidden, without what excuses it; or something else, or what excuses it beside it."""
        about, rng = ad.about, self.rng
        excused = not ad.breaks and about.excepted and rng.random() < 0.5
        others = [claim for claim in words().claims if claim != about.claim]
        claim = about.claim if ad.breaks or excused else rng.choice(others)
        # Being rated tells nothing by itself: it is said as often where the rule has no such exception.
        rated = excused or (ad.breaks and not about.excepted and rng.random() < 0.5)
        said = f"{claim[0].upper()}{claim[1:]}."
        ad.seen = f'not to say "{about.claim}", says "{claim}"'
        if excused:
            ad.seen += f", {words().exception}"
        ad.evidence = [Quote(quote=claim, field="body")]
        return [said, *([words().notice] if rated else [])]

    def _fine_print(self, ad: DeskAd) -> list[str]:
        ad.fee = self._stated(ad.about.fee, ad.breaks)
        ad.seen = f"{ad.fee} % in image 0, no fee above {ad.about.fee}"
        ad.evidence = [Region(image=0, region=PRINT[ad.corner])]
        return [self.rng.choice(words().fees)]

    def _page(self, ad: DeskAd) -> list[str]:
        term, rng = self._stated(ad.about.term, ad.breaks), self.rng
        said = f"term is {term} weeks"
        ad.sections = [
            Section(title="terms", text=f"The {said}.", shown=False),
            Section(title=rng.choice(words().sections), text=f"We are {self._name()}.", shown=False),
        ]
        rng.shuffle(ad.sections)
        at = next(place for place, section in enumerate(ad.sections) if section.title == "terms")
        ad.seen = f'"{said}", no term beyond {ad.about.term}'
        ad.evidence = [Quote(quote=said, field=PAGE, section=at)]
        return [rng.choice(words().terms)]

    def _stated(self, limit: int, breaks: bool) -> int:
        """Next to the limit, on one side or the other."""
        return limit + 10 if breaks else limit - 10

    def _name(self) -> str:
        start, end = self.rng.choice(self.syllables.start), self.rng.choice(self.syllables.end)
        return f"{start}{end}".capitalize()
