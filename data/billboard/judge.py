"""Judge: the gold ruling on an ad, worked out from how it was made and from the excerpt shown."""

from dataclasses import dataclass, field

from data.billboard.ads import Ad, number_phrase
from data.billboard.catalogue import catalogue, rulebook
from data.billboard.variants import Variant
from data.evidence import Evidence, Quote, Region
from data.finding import Finding, Outcome, lines
from data.gold import Gold, GoldViolation
from data.ruling import Verdict


@dataclass(frozen=True)
class Judgement:
    """What one rule makes of an ad: the outcome, what the reasoning says is seen, and where it shows."""

    outcome: Outcome
    seen: str = ""
    evidence: tuple[Evidence, ...] = field(default=())


CLEAR = Judgement("clear")


def find(ad: Ad, variant: Variant) -> Judgement:
    """What a rule, as the excerpt words it, makes of an ad."""
    subject = catalogue().rules[variant.key]
    if subject.number:
        return _number(ad, variant)
    if subject.object:
        return _picture(ad, variant, subject.object, subject.badge)
    if variant.key in ad.quoted:
        return Judgement("clear", f'"{ad.quoted[variant.key]}", quoted')
    phrase = ad.claims.get(variant.key)
    if phrase is None:
        return CLEAR
    if not subject.is_joint:
        evidence = (Quote(quote=phrase, field="body"),)
        return _unless_excepted(variant, f'"{phrase}"', evidence, variant.key in ad.notices)
    return _joint(ad, phrase, subject.with_objects, subject.with_badge)


def _number(ad: Ad, variant: Variant) -> Judgement:
    numbers = ad.numbers.get(variant.key)
    if not numbers:
        return CLEAR
    numbers = sorted(numbers, key=lambda n: ad.body.find(number_phrase(variant.key, n)))  # as the ad states them
    quotes = [number_phrase(variant.key, n) for n in numbers]
    evidence = tuple(Quote(quote=quote, field="body") for quote in quotes)
    above = [None if n is None else n > variant.threshold for n in numbers]
    seen = f'"{quotes[0]}"' if len(quotes) == 1 else f'"{quotes[0]}" and "{quotes[1]}"'
    # The limit is said before the numbers are compared with it: a step that a small model needs.
    seen = f"{seen}, limit {variant.threshold}"
    if None in above or len(set(above)) > 1:
        return Judgement("unclear", seen, evidence)
    if above[0]:
        return Judgement("broken", f"{seen}, above", evidence)
    return Judgement("clear", f"{seen}, within")


def _picture(ad: Ad, variant: Variant, shown: str, badge: str | None) -> Judgement:
    if ad.covered:
        return Judgement("unclear", "covered", (Region(image=0, region=ad.layout.box),))
    if ad.shown != shown:
        return CLEAR
    excepted = variant.key in ad.notices or (badge is not None and ad.badge == badge)
    return _unless_excepted(variant, f"{shown} in image 0", (Region(image=0, region=ad.layout.box),), excepted)


def _unless_excepted(variant: Variant, seen: str, evidence: tuple[Evidence, ...], met: bool) -> Judgement:
    """Whether the rule makes an exception, and whether the ad meets it: said one after the other."""
    if not variant.has_exceptions:
        return Judgement("broken", seen, evidence)
    if not variant.excepted:
        return Judgement("broken", f"{seen}, no exception", evidence)
    if met:
        return Judgement("clear", f"{seen}, exception met")
    return Judgement("broken", f"{seen}, exception not met", evidence)


def _joint(ad: Ad, phrase: str, objects: tuple[str, ...], badge: str | None) -> Judgement:
    quote = Quote(quote=phrase, field="body")
    if objects and ad.covered:
        return Judgement("unclear", f'"{phrase}", covered', (quote,))
    seen = badge if badge and ad.badge == badge else ad.shown if ad.shown in objects else None
    if seen is None:
        return Judgement("clear", f'"{phrase}" alone')
    return Judgement("broken", f'"{phrase}" with {seen}', (quote,))


def verdict(ad: Ad, excerpt: list[Variant]) -> Verdict:
    """The verdict that an excerpt calls for."""
    outcomes = [(variant, find(ad, variant).outcome) for variant in excerpt]
    called_for = {rulebook()[variant.key].verdict for variant, outcome in outcomes if outcome == "broken"}
    if "reject" in called_for:
        return "reject"
    unclear = any(outcome == "unclear" for _, outcome in outcomes)
    return "escalate" if called_for or unclear else "approve"


def picture_words(ad: Ad, excerpt: list[Variant]) -> str:
    """What the reasoning says that the picture shows; the badge where a rule looks at one."""
    shown = "covered" if ad.covered else ad.shown
    subjects = [catalogue().rules[variant.key] for variant in excerpt]
    badge = ad.badge if any(s.badge or s.with_badge for s in subjects) else None
    return f"picture: {shown}, {badge}" if badge else f"picture: {shown}"


def judge(ad: Ad, excerpt: list[Variant], *, advice: bool = False) -> Gold:
    """The gold ruling: what is seen, then rule by rule through the excerpt in its order, then the verdict.

    Args:
        ad: the ad.
        excerpt: the rules that it is judged by, in order.
        advice: whether to say what the advertiser should change.
    """
    judged = [(variant, find(ad, variant)) for variant in excerpt]
    findings = [Finding(variant.shown_id, found.outcome, found.seen) for variant, found in judged]
    broken = [(variant, found) for variant, found in judged if found.outcome == "broken"]
    return Gold(
        verdict=verdict(ad, excerpt),
        intent=ad.intent,
        violations=[GoldViolation(rule=v.shown_id, evidence=list(f.evidence)) for v, f in broken],
        unclear=[finding.rule for finding in findings if finding.outcome == "unclear"],
        reasoning=f"{picture_words(ad, excerpt)}\n{lines(findings)}",
        advice=_advice([v for v, _ in broken]) if advice else None,
    )


def _advice(broken: list[Variant]) -> str:
    if not broken:
        return ""
    return "Change what breaks " + " and ".join(v.shown_id for v in broken) + "."
