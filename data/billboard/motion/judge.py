"""Judge: the gold ruling on a clip, worked out from how it was made and from the excerpt that it comes under.

The reasoning first tells the facts, then goes rule by rule through the excerpt. Each finding begins with the word of
the fact that its rule looks for: what follows is copied, or there is none. Objects and sounds are cited by their
seconds, words by quote and seconds, pages by quote and section.
"""

from collections.abc import Callable, Sequence

from data.billboard.catalogue import catalogue, rulebook
from data.billboard.judge import Judgement
from data.billboard.motion.clip import Clip, Scene
from data.billboard.motion.facts import (
    NONE,
    claimed,
    facts,
    offer,
    on_page,
    page_price,
    seconds,
    shown_price,
    sold,
    terms,
    to_kids_with,
)
from data.billboard.motion.landing import HEADING, PRICE
from data.billboard.motion.script import Mechanism, kind_of, script
from data.evidence import Evidence, Quote
from data.finding import Finding, lines
from data.gold import Gold, GoldViolation
from data.page import PAGE
from data.transcript import TRANSCRIPT


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


def _flash(clip: Clip, rule: str) -> Judgement:
    shown = str(catalogue().rules[rule].object)
    return _during(clip, shown, lambda scene: scene.shown == shown)


def _sound(clip: Clip, rule: str) -> Judgement:
    sound = script().sounds[rule]
    return _during(clip, sound, lambda scene: scene.sound == sound)


def _during(clip: Clip, what: str, holds: Callable[[Scene], bool]) -> Judgement:
    spans = list(clip.runs(holds))
    return _found(what, [(f"{seconds(span)} s", [span]) for span in spans])


def _spoken(clip: Clip, rule: str) -> Judgement:
    return _said(clip, script().claimed[rule])


def _to_kids(clip: Clip, rule: str) -> Judgement:
    return _said(clip, to_kids_with(script().to_kids_with[rule]))


def _said(clip: Clip, claim: str) -> Judgement:
    """What is said in the scenes whose words claim something: each time its words, and when."""
    found: list[tuple[str, list[Evidence]]] = []
    for place, scene in enumerate(clip.scenes):
        if scene.speech is not None and claimed(scene) == claim:
            span, heard = clip.span(place), scene.speech.heard
            found.append((f'"{heard}" {seconds(span)} s', [Quote(quote=heard, field=TRANSCRIPT), span]))
    return _found(claim, found)


def _found(word: str, shown: Sequence[tuple[str, Sequence[Evidence]]]) -> Judgement:
    """What a rule makes of a word: broken wherever it is found, with what shows it each time."""
    seen = [f"{word} {text}" for text, _ in shown]
    if not seen:
        return Judgement("clear", f"{word} {NONE}")
    return Judgement("broken", ", ".join(seen), tuple(item for _, items in shown for item in items))


def _page(clip: Clip, rule: str) -> Judgement:
    """What is missing is shown by what stands there without it: a price, and no terms."""
    page = clip.landing
    assert page is not None, "clips without a page are not judged by it"
    quote = Quote(quote=page.paid, field=PAGE, section=PRICE)
    if rule == "TERMS-1":
        broken, seen = not page.terms, terms(page)
    elif rule == "PROMISE-1":
        broken, seen = clip.free and page.monthly, offer(clip)
    else:
        quote = Quote(quote=page.product, field=PAGE, section=HEADING)
        broken, seen = kind_of(page.product) != kind_of(clip.product), f"{sold(clip)} {on_page(page)}"
    shown = rule == "PROMISE-1" and clip.free  # what a free offer is broken by, or kept
    text = f'{seen} "{quote.quote}"' if broken or shown else seen
    return Judgement("broken", text, (quote,)) if broken else Judgement("clear", text)


def _price(clip: Clip, rule: str) -> Judgement:
    said, page = clip.said_price, clip.landing
    assert page is not None, "clips without a page are not judged by its price"
    other = shown_price(clip) if rule == "PRICE-1" else page_price(page)
    if said in (None, clip.price if rule == "PRICE-1" else page.price):
        return Judgement("clear", f"{other} said {said or NONE}")
    found = _said(clip, f"said {said}")
    return Judgement("broken", f"{other} {found.seen}", found.evidence)


FINDERS: dict[Mechanism, Callable[[Clip, str], Judgement]] = {
    "flash": _flash, "spoken": _spoken, "sound": _sound, "during": _to_kids, "page": _page, "price": _price,
}  # fmt: skip
