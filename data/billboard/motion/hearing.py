"""Hearing: what speech recognition makes of a script. There is no synthesiser in Billboard: the words are the
script's own, with errors drawn by seed, of which the recognition says that it was unsure.
"""

import random

from data.billboard.motion.clip import Clip, Speech
from data.billboard.motion.script import script
from data.transcript import Line

MISHEARD = 0.2
"""How often a word is misheard that may be."""
SURE, UNSURE = 0.93, 0.45
"""What the recognition says of a line without errors, and of one with an error."""
DOUBT = 0.1
"""How often it is unsure of a line that it heard right."""


def hear(words: str, rng: random.Random, price: int | None = None) -> Speech:
    """Speech of these words."""
    errors = script().misheard
    heard = " ".join(errors[word] if word in errors and rng.random() < MISHEARD else word for word in words.split())
    doubted = heard != words or rng.random() < DOUBT
    return Speech(words, heard, UNSURE if doubted else SURE, price)


def transcript(clip: Clip) -> list[Line]:
    """What was heard, a line a scene in which something is said."""
    found = []
    for place, scene in enumerate(clip.scenes):
        if (speech := scene.speech) is not None:
            start, end = clip.span(place).interval
            found.append(Line(start=start, end=end, text=f"{speech.heard}.", confidence=speech.confidence))
    return found
