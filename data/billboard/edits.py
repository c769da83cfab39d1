"""Edits: what would have a Billboard ad approved under an excerpt. Gold knows it because it knows how the ad was made.

What a text says is taken out, sentence by sentence. What a picture shows no words can take away; one rule excepts it
for an appeal to the reader, which is then put in.
"""

from data.billboard.ads import Ad, number_phrase
from data.billboard.catalogue import catalogue
from data.billboard.judge import find
from data.billboard.variants import Variant
from data.edit import Edit, PictureEdit, TextEdit

COVERED = "covered"
"""What a covered object is called."""


def edits_for(ad: Ad, excerpt: list[Variant]) -> list[Edit]:
    """The fewest edits, in the order of the excerpt: empty where the ad is approved as it is."""
    open_ = [(variant, outcome) for variant in excerpt if (outcome := find(ad, variant).outcome) != "clear"]
    gone = {sentence for variant, _ in open_ for sentence in _sentences(ad, variant)}
    edits: list[Edit] = []
    pictures: set[str] = set()
    for variant, outcome in open_:
        why = f"{variant.shown_id} does not allow it." if outcome == "broken" else f"{variant.shown_id} stays open."
        if sentences := _sentences(ad, variant):
            edits += [TextEdit(field="body", old=sentence, why=why) for sentence in sentences]
        elif (notice := catalogue().rules[variant.key].notice) and variant.excepted and not ad.covered:
            last = next(sentence for sentence in reversed(ad.sentences) if sentence not in gone)
            edits.append(TextEdit(field="body", old=last, new=f"{last} {notice}", why=why))
        elif (element := COVERED if ad.covered else ad.shown) not in pictures:
            pictures.add(element)
            edits.append(PictureEdit(image=0, element=element, why=why))
    return edits


def _sentences(ad: Ad, variant: Variant) -> list[str]:
    """The sentences by which a rule is broken or left open; none where it looks at the picture alone."""
    if variant.key in ad.numbers:
        return [f"{number_phrase(variant.key, number)}." for number in ad.numbers[variant.key]]
    return [f"{ad.claims[variant.key]}."] if variant.key in ad.claims else []
