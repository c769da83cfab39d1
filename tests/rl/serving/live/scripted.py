"""An engine that sees whether a frame is dark, which breaks DARK-1, so that what is tested is the watching."""

import time
from collections.abc import Collection, Iterator
from typing import Any

from PIL import Image

from data import Brief, Briefs, Interval, Rule, Rulebook, Ruling, Violation
from prompts import Episode, reason, write
from rl.config.decoding import Decoding
from rl.generation.engine import Key

BOOK = Rulebook(name="b", rules=[Rule(id="DARK-1", text="No dark pictures."), Rule(id="CURE-1", text="No cures.")])
SECONDS = 40
DARK = (*range(6, 13), *range(20, 31), *range(37, 38))
"""How long what is watched lasts, and which of its seconds are dark."""


class SeesDarkness:
    """Rejects where a frame is dark, from the first such frame to the last.

    Args:
        seconds: that it takes over a window.
    """

    name, template = "sees darkness", "compact"

    def __init__(self, seconds: float = 0.0):
        self.seconds = seconds
        self.asked: list[Brief] = []

    def identity(self, decoding: Decoding) -> dict[str, Any]:
        return {"model": self.name}

    def provenance(self, decoding: Decoding) -> dict[str, Any]:
        return {}

    def write(self, briefs: Briefs, decoding: Decoding, missing: Collection[Key]) -> Iterator[list[Episode]]:
        for brief in briefs:
            time.sleep(self.seconds)
            self.asked.append(brief)
            yield [Episode.plain(brief.id, self.completion(brief))]

    def completion(self, brief: Brief) -> str:
        times = [frame.time for frame in brief.case.frames if is_dark(brief.case.path(frame.path))]
        broken = [Violation(rule="DARK-1", evidence=[Interval(interval=(times[0], times[-1]))])] if times else []
        verdict = "reject" if broken else "approve"
        return write(
            Ruling(reasoning=reason(broken, brief.excerpt), violations=broken, verdict=verdict, confidence=0.9)
        )


def is_dark(path: Any) -> bool:
    with Image.open(path) as image:
        return image.convert("L").getpixel((image.width // 2, image.height // 2)) < 128
