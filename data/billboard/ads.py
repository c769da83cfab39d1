"""Ads: how an ad is made. What it says and shows is known, so every ruling on it can be worked out.

An ad is made around one *mechanism* and one *focus* rule. Whatever the mechanism, it holds at least one thing that
some rule forbids: whether it is rejected is decided by the excerpt, never by the ad alone.
"""

import random
from dataclasses import dataclass, field

from data.billboard.catalogue import NUMBERS, Catalogue, Pool, catalogue
from data.billboard.layouts import Layout, layouts

MECHANISMS = (
    "claim", "picture", "exception", "number", "joint", "quoted", "near", "several", "to_reviewer", "obscured",
)  # fmt: skip
HIDDEN = "■■"
"""Stands where a number was blotted out."""


@dataclass
class Ad:
    """What an ad says and shows."""

    id: str
    mechanism: str
    focus: str
    """The rule that the ad is made around."""
    intent: str
    title: str
    layout: Layout
    shown: str
    """The pictured object."""
    badge: str | None = None
    covered: bool = False
    """Whether the object is hidden, so that nobody can say what it is."""
    sentences: list[str] = field(default_factory=list)
    claims: dict[str, str] = field(default_factory=dict)
    """Phrase by the rule that it breaks."""
    quoted: dict[str, str] = field(default_factory=dict)
    """Phrases that the ad only quotes, by the rule that they would break."""
    numbers: dict[str, list[int | None]] = field(default_factory=dict)
    """Numbers by rule; None is blotted out, two numbers contradict each other."""
    notices: set[str] = field(default_factory=set)
    """Rules whose exception the text makes apply."""

    @property
    def body(self) -> str:
        return " ".join(self.sentences)

    @property
    def undecidable(self) -> bool:
        """Whether some excerpt calls for escalation."""
        return self.mechanism == "obscured" or "VOTE-1" in self.claims

    @property
    def burst(self) -> str:
        """What the picture's corner says of the discount."""
        sale = self.numbers.get("SALE-1", [])
        return f"-{sale[0]} %" if len(sale) == 1 and sale[0] is not None else ""


class AdMaker:
    """Makes ads of one pool, seeded.

    Args:
        pool: whose names and layouts to use.
        rules: the rules that ads are made around.
        rng: the source of chance.
    """

    def __init__(self, pool: Pool, rules: tuple[str, ...], rng: random.Random):
        self.rng, self.rules = rng, rules
        self.book: Catalogue = catalogue()
        self.syllables = self.book.syllables[pool]
        self.layouts = layouts(pool)
        subjects = {rule: self.book.rules[rule] for rule in rules}
        self.plain = [r for r, s in subjects.items() if s.is_plain_claim and r != "VOTE-1"]
        self.near = [r for r in self.plain if subjects[r].near]
        self.numeric = [r for r, s in subjects.items() if s.number]
        self.pictured = [r for r, s in subjects.items() if s.object]
        self.joint = [r for r, s in subjects.items() if s.is_joint]
        self.excepted = [r for r, s in subjects.items() if s.notice or s.badge]
        self.forbidden = [str(subjects[r].object) for r in self.pictured]
        self.harmless = [o for o in self.book.objects if o not in {s.object for s in self.book.rules.values()}]

    def make(self, id_: str, mechanism: str) -> Ad:
        """An ad around a mechanism."""
        rng = self.rng
        intent = rng.choice(list(self.book.products))
        title = f"{self._name().capitalize()} {rng.choice(self.book.products[intent])}"
        shown = rng.choice(self.forbidden if rng.random() < 0.6 else self.harmless)
        badge = rng.choice((None, None, "18+", "seal"))
        ad = Ad(id_, mechanism, "", intent, title, rng.choice(self.layouts), shown, badge)
        getattr(self, f"_{mechanism}")(ad)
        # Ads of any mechanism are of any length: how long one is must not tell what is in it.
        ad.sentences += [self._neutral() for _ in range(rng.choice((1, 1, 2, 3)))]
        rng.shuffle(ad.sentences)
        return ad

    def _claim(self, ad: Ad) -> None:
        political = "VOTE-1" in self.rules and self.rng.random() < 0.2
        ad.focus = "VOTE-1" if political else self.rng.choice(self.plain)
        self._say(ad, ad.focus)
        if political:
            self._break_another(ad)

    def _picture(self, ad: Ad) -> None:
        ad.focus = self.rng.choice(self.pictured)
        ad.shown = str(self.book.rules[ad.focus].object)

    def _exception(self, ad: Ad) -> None:
        ad.focus = self.rng.choice(self.excepted)
        subject = self.book.rules[ad.focus]
        if subject.object:
            ad.shown = subject.object
        else:
            self._say(ad, ad.focus)
        self._except(ad, ad.focus)

    def _number(self, ad: Ad) -> None:
        ad.focus = self.rng.choice(self.numeric)
        self._state(ad, ad.focus, [self.rng.choice(NUMBERS[1:])])
        if self.rng.random() < 0.5:
            self._break_another(ad)

    def _joint(self, ad: Ad) -> None:
        """Both halves, or one that is harmless without the other."""
        ad.focus = self.rng.choice(self.joint)
        subject = self.book.rules[ad.focus]
        both = self.rng.random() < 0.5
        if subject.with_badge:
            ad.badge = subject.with_badge if both else self.rng.choice((None, "18+"))
        else:
            pair = [o for o in subject.with_objects if o in self.forbidden]
            ad.shown = self.rng.choice(pair if both else [o for o in self.book.objects if o not in pair])
        self._say(ad, ad.focus)
        self._break_another(ad)

    def _quoted(self, ad: Ad) -> None:
        ad.focus = self.rng.choice(self.plain)
        ad.quoted[ad.focus] = self.rng.choice(self.book.rules[ad.focus].claims)
        ad.sentences.append(self.rng.choice(self.book.quoted).format(claim=ad.quoted[ad.focus]))
        self._break_another(ad)

    def _near(self, ad: Ad) -> None:
        ad.focus = self.rng.choice(self.near)
        ad.sentences.append(f"{self.rng.choice(self.book.rules[ad.focus].near)}.")
        self._break_another(ad)

    def _several(self, ad: Ad) -> None:
        rules = self.rng.sample(self.plain, 2)
        ad.focus = rules[0]
        for rule in rules:
            self._say(ad, rule)
        ad.shown = self.rng.choice(self.forbidden)

    def _to_reviewer(self, ad: Ad) -> None:
        self._claim(ad)
        ad.sentences.append(self.rng.choice(self.book.to_reviewer))

    def _obscured(self, ad: Ad) -> None:
        """The deciding fact is blotted out, contradicted or covered."""
        how = self.rng.choice(("blotted", "contradictory", "covered"))
        if how == "covered":
            ad.focus, ad.covered = self.rng.choice(self.pictured), True
        else:
            ad.focus = self.rng.choice(self.numeric)
            low, high = sorted(self.rng.sample(NUMBERS[1:], 2))
            pair: list[int | None] = [low, high] if self.rng.random() < 0.5 else [high, low]
            self._state(ad, ad.focus, [None] if how == "blotted" else pair)
        self._break_another(ad)

    def _break_another(self, ad: Ad) -> None:
        """A plain claim on a rule other than the focus, so that the ad can be rejected as well as approved."""
        self._say(ad, self.rng.choice([r for r in self.plain if r != ad.focus]))

    def _say(self, ad: Ad, rule: str) -> None:
        ad.claims[rule] = self.rng.choice(self.book.rules[rule].claims)
        ad.sentences.append(f"{ad.claims[rule]}.")

    def _state(self, ad: Ad, rule: str, numbers: list[int | None]) -> None:
        ad.numbers[rule] = numbers
        ad.sentences += [f"{number_phrase(rule, n)}." for n in numbers]

    def _except(self, ad: Ad, rule: str) -> None:
        subject = self.book.rules[rule]
        if subject.notice:
            ad.notices.add(rule)
            ad.sentences.append(subject.notice)
        else:
            ad.badge = subject.badge

    def _neutral(self) -> str:
        place, shop = f"{self._name().capitalize()}", f"{self._name().capitalize()}"
        return self.rng.choice(self.book.neutral).format(place=place, shop=shop)

    def _name(self) -> str:
        """An invented name of two or three syllables, so that names take as many tokens in one pool as in another."""
        ends = self.rng.sample(self.syllables.end, self.rng.choice((1, 2)))
        return self.rng.choice(self.syllables.start) + "".join(ends)


def number_phrase(rule: str, number: int | None) -> str:
    """The words in which an ad states a rule's number."""
    return str(catalogue().rules[rule].number).format(n=HIDDEN if number is None else number)
