"""Judge: the gold ruling on a clip, worked out from how it was made and from the excerpt that it comes under.

The reasoning first says what is seen, heard and read, scene by scene, then goes rule by rule through the excerpt.
Objects and sounds are cited by their seconds, words by quote and seconds, pages by quote and section.
"""

from collections.abc import Callable, Sequence

from data.billboard.catalogue import catalogue, rulebook
from data.billboard.judge import CLEAR, Judgement
from data.billboard.motion.clip import Clip, Scene
from data.billboard.motion.landing import HEADING, PRICE
from data.billboard.motion.script import Mechanism, kind_of, script
from data.evidence import Evidence, Interval, Quote
from data.finding import Finding, lines
from data.gold import Gold, GoldViolation
from data.page import PAGE
from data.transcript import TRANSCRIPT

FEW = 6
"""Scenes up to which all are told; of more, those in which something happens."""


def find(clip: Clip, rule: str) -> Judgement:
    """What a rule makes of a clip."""
    return FINDERS[script().mechanism_of(rule)](clip, rule)


def judge(clip: Clip, excerpt: Sequence[str]) -> Gold:
    """The gold ruling: what is there, then rule by rule through the excerpt in its order, then the verdict.

    Args:
        clip: the ad.
        excerpt: the ids of the rules that it is judged by, in order.
    """
    judged = {rule: find(clip, rule) for rule in excerpt}
    broken = {rule: found for rule, found in judged.items() if found.outcome == "broken"}
    findings = [Finding(rule, found.outcome, found.seen) for rule, found in judged.items()]
    return Gold(
        verdict=rulebook().excerpt(list(excerpt)).called_for(broken),
        intent=kind_of(clip.product),
        violations=[GoldViolation(rule=rule, evidence=list(found.evidence)) for rule, found in broken.items()],
        reasoning=f"{facts(clip)}\n{lines(findings)}",
    )


def facts(clip: Clip) -> str:
    """What the ad says, each scene, and what the page says: a line each."""
    told = [f"ad: {kind_of(clip.product)}{', free' if clip.free else ''}"]
    if clip.price is not None:
        told[0] += f", {clip.price}"
    for place, scene in enumerate(clip.scenes):
        if len(clip.scenes) <= FEW or _happens(scene):
            words = f', "{scene.speech.heard}"' if scene.speech is not None else ""
            sound = f", {scene.sound}" if scene.sound else ""
            told.append(f"{_seconds(clip.span(place))}: {scene.shown}{words}{sound}")
    if (page := clip.landing) is not None:
        price = f", {page.price}" if clip.price is not None else ""
        told.append(f"page: {kind_of(page.product)}{price}, {page.paid}, {'terms' if page.terms else 'no terms'}")
    return "\n".join(told)


def _happens(scene: Scene) -> bool:
    looked_at = {subject.object for subject in catalogue().rules.values()} - {None}
    return bool(scene.sound or scene.speech) or scene.shown in looked_at


def _seconds(span: Interval) -> str:
    start, end = span.interval
    return f"{start:g}-{end:g} s"


def _from_to(spans: Sequence[Interval]) -> str:
    """As findings name times."""
    return ", ".join(f"from {start:g} to {end:g} s" for start, end in (span.interval for span in spans))


def _during(clip: Clip, what: str, holds: Callable[[Scene], bool]) -> Judgement:
    spans = list(clip.runs(holds))
    return Judgement("broken", f"{what} {_from_to(spans)}", tuple(spans)) if spans else CLEAR


def _flash(clip: Clip, rule: str) -> Judgement:
    shown = str(catalogue().rules[rule].object)
    return _during(clip, shown, lambda scene: scene.shown == shown)


def _sound(clip: Clip, rule: str) -> Judgement:
    sound = script().sounds[rule]
    return _during(clip, sound, lambda scene: scene.sound == sound)


def _spoken(clip: Clip, rule: str) -> Judgement:
    claims = catalogue().rules[rule].claims
    return _said(clip, lambda scene: scene.speech is not None and scene.speech.said in claims)


def _to_kids(clip: Clip, rule: str) -> Judgement:
    claims, shown = catalogue().rules["KIDS-1"].claims, script().to_kids_with[rule]
    return _said(
        clip,
        lambda scene: scene.speech is not None and scene.speech.said in claims and scene.shown == shown,
        f" with {shown}",
    )


def _said(clip: Clip, holds: Callable[[Scene], bool], beside: str = "") -> Judgement:
    """What is said in the scenes of which something holds: each time its words, and when."""
    seen: list[str] = []
    evidence: list[Evidence] = []
    for place, scene in enumerate(clip.scenes):
        if scene.speech is not None and holds(scene):
            span = clip.span(place)
            seen.append(f'"{scene.speech.heard}"{beside} {_from_to([span])}')
            evidence += [Quote(quote=scene.speech.heard, field=TRANSCRIPT), span]
    return Judgement("broken", ", ".join(seen), tuple(evidence)) if seen else CLEAR


def _page(clip: Clip, rule: str) -> Judgement:
    """What is missing is shown by what stands there without it: a price, and no terms."""
    page = clip.landing
    if page is None:
        return CLEAR
    quote = Quote(quote=page.paid, field=PAGE, section=PRICE)
    if rule == "TERMS-1":
        broken, but = not page.terms, "no terms"
    elif rule == "PROMISE-1":
        broken, but = clip.free and page.monthly, "free in the ad"
    else:
        quote = Quote(quote=page.product, field=PAGE, section=HEADING)
        broken, but = kind_of(page.product) != kind_of(clip.product), f"{kind_of(clip.product)} in the ad"
    return Judgement("broken", f'"{quote.quote}" on the page, {but}', (quote,)) if broken else CLEAR


def _price(clip: Clip, rule: str) -> Judgement:
    said, page = clip.said_price, clip.landing
    if said is None or page is None or said == (clip.price if rule == "PRICE-1" else page.price):
        return CLEAR
    found = _said(clip, lambda scene: scene.speech is not None and scene.speech.price is not None)
    other = f"{clip.price} in the picture" if rule == "PRICE-1" else f"{page.price} on the page"
    return Judgement("broken", f"{found.seen}, {other}", found.evidence)


FINDERS: dict[Mechanism, Callable[[Clip, str], Judgement]] = {
    "flash": _flash, "spoken": _spoken, "sound": _sound, "during": _to_kids, "page": _page, "price": _price,
}  # fmt: skip
