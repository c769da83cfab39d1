"""Facts: what a clip says, shows, sounds like and leads to, as the reasoning tells it before it judges anything.

A line each, which begins with the word that findings look it up by: a model that has told what is there finds it again
by that word, and copies what follows. Objects and sounds are told by their seconds, words by what they claim.
"""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import groupby

from data.billboard.catalogue import catalogue
from data.billboard.motion.clip import Clip, Scene
from data.billboard.motion.landing import Landing
from data.billboard.motion.script import kind_of, script
from data.evidence import Interval

FEW = 6
"""Scenes up to which all are told; of more, what some rule looks at."""
KIDS = "KIDS-1"
"""Whose claims speak to kids."""
IDLE = "talk"
"""What words are that claim nothing."""
NONE = "none"


def facts(clip: Clip) -> str:
    """All that is there, a line each."""
    return "\n".join(_facts(clip))


def _facts(clip: Clip) -> Iterator[str]:
    yield f"{sold(clip)} {offer(clip)}" + (f" {shown_price(clip)}" if clip.price is not None else "")
    whole = len(clip.scenes) <= FEW
    for name, spans in _runs(clip, lambda scene: scene.shown if whole or scene.shown in _looked_at() else ""):
        yield f"{name} {seconds(spans)}"
    for name, spans in _runs(clip, lambda scene: scene.sound):
        yield f"{name} {seconds(spans)}"
    for place, scene in enumerate(clip.scenes):
        if scene.speech is not None and (words := _words(scene)) != IDLE:
            yield f"{words} {seconds(clip.span(place))}"
        elif scene.speech is not None and whole:
            yield IDLE
    if (page := clip.landing) is not None:
        price = f" {page_price(page)}" if clip.price is not None else ""
        yield f'{on_page(page)}{price} "{page.paid}" {terms(page)}'


def sold(clip: Clip) -> str:
    """What kind of product the ad is for."""
    return f"ad {kind_of(clip.product)}"


def offer(clip: Clip) -> str:
    """Whether the ad calls it free."""
    return f"offer {'free' if clip.free else 'paid'}"


def on_page(page: Landing) -> str:
    """What kind of product the page is for."""
    return f"page {kind_of(page.product)}"


def terms(page: Landing) -> str:
    """Whether the page states terms."""
    return f"terms {'stated' if page.terms else NONE}"


def shown_price(clip: Clip) -> str:
    """The price in the picture."""
    return f"shown {clip.price}"


def page_price(page: Landing) -> str:
    """The price on the page."""
    return f"asked {page.price}"


def claimed(scene: Scene) -> str:
    """What the words of a scene claim: the word of a rule, of words to kids with the object that is seen meanwhile, of
    a price with what it is; `IDLE` if nothing.
    """
    assert scene.speech is not None
    if scene.speech.price is not None:
        return f"said {scene.speech.price}"
    rule = _rule_of(scene.speech.said)
    if rule is None:
        return IDLE
    word = script().claimed[rule]
    return to_kids_with(scene.shown) if rule == KIDS else word


def to_kids_with(shown: str) -> str:
    """What words to kids are while an object is seen."""
    return f"{script().claimed[KIDS]} with {shown}"


def seconds(span: Interval) -> str:
    """From when to when, as facts tell it."""
    start, end = span.interval
    return f"{start:g}-{end:g}"


def _words(scene: Scene) -> str:
    assert scene.speech is not None
    said = claimed(scene)
    return said if said == IDLE else f'{said} "{scene.speech.heard}"'


def _runs(clip: Clip, what: Callable[[Scene], str]) -> Iterator[tuple[str, Interval]]:
    """What goes on in scenes, by name and from when to when; nothing if empty."""
    place = 0
    for name, scenes in groupby(clip.scenes, what):
        first, place = place, place + len(list(scenes))
        if name:
            yield name, clip.span(first, place - 1)


@cache
def _rule_of(said: str) -> str | None:
    """The rule whose claim these words are."""
    return next((rule for rule in script().claimed if said in catalogue().rules[rule].claims), None)


@cache
def _looked_at() -> frozenset[str]:
    """The objects that some rule looks at."""
    return frozenset(subject.object for subject in catalogue().rules.values() if subject.object is not None)
